//! What a list of links may be asked for.

use contract::Domain;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::LinkStatus;
use crate::auth::Caller;
use crate::db::{LinkFilter, LinkOrder};
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;
use crate::routes::paging;
use crate::state::AppState;

/// Tags that one filter may name.
const MAX_TAGS: usize = 50;

/// Which links, in which order, and how many.
///
/// The filters are written out, not flattened: flattened fields would be read as text.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListLinks {
    /// Links on the page, 1 to 100; 50 when absent.
    #[serde(skip_serializing_if = "paging::is_no_question")]
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "paging::is_no_question")]
    pub(super) cursor: Option<String>,
    /// True counts the links on all pages, which takes time.
    #[serde(skip_serializing_if = "paging::is_no_question")]
    pub(super) total: Option<bool>,
    /// What to sort by; `created` when absent.
    #[param(inline)]
    pub(super) sort: Option<Sort>,
    /// `desc`, the newest or most first, when absent.
    #[param(inline)]
    pub(super) order: Option<Direction>,
    /// Text to find in code, target, title, notes or tags, in any case. One or two characters find
    /// what begins with them: a code, a tag, or a word of a title. A link without a title has that
    /// of the page it leads to.
    #[param(max_length = 200)]
    pub(super) q: Option<String>,
    /// Only links in this state. All but the bin when absent.
    #[param(inline)]
    pub(super) status: Option<LinkStatus>,
    /// Only links of this domain, in any case.
    pub(super) domain: Option<String>,
    /// Only links that they made: `usr_…` or `key_…`.
    pub(super) created_by: Option<String>,
    /// Only links made then (RFC 3339) or later.
    pub(super) created_from: Option<String>,
    /// Only links made earlier (RFC 3339).
    pub(super) created_before: Option<String>,
    /// Only links with one of these tags, separated by commas.
    pub(super) any_tag: Option<String>,
    /// Only links with all of these tags.
    pub(super) all_tags: Option<String>,
    /// Only links with none of these tags.
    pub(super) no_tag: Option<String>,
    /// Whether archived links are among them. When absent, `exclude`, but in the bin `include`.
    #[param(inline)]
    pub(super) archived: Option<Archived>,
}

/// What to sort by.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// When links were made.
    #[default]
    Created,
    /// Clicks since they were made.
    Clicks,
    /// Their newest click; links without one are the oldest.
    LastClicked,
}

impl From<Sort> for LinkOrder {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Created => Self::Created,
            Sort::Clicks => Self::Clicks,
            Sort::LastClicked => Self::LastClicked,
        }
    }
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The smallest, or the oldest.
    Asc,
    /// The greatest, or the newest.
    #[default]
    Desc,
}

impl Direction {
    pub(super) fn is_descending(self) -> bool {
        matches!(self, Self::Desc)
    }
}

/// Whether archived links are among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Archived {
    /// They are not.
    Exclude,
    /// They are.
    Include,
    /// No others are.
    Only,
}

/// Which links. Absent: all but archived ones and the bin.
#[derive(Debug, Default, Clone, Deserialize, Serialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinkFilters {
    /// Text to find in code, target, title, notes or tags, in any case. One or two characters find
    /// what begins with them: a code, a tag, or a word of a title. A link without a title has that
    /// of the page it leads to.
    #[param(max_length = 200)]
    #[schema(max_length = 200)]
    pub(super) q: Option<String>,
    /// Only links in this state. All but the bin when absent.
    #[param(inline)]
    #[schema(inline)]
    pub(super) status: Option<LinkStatus>,
    /// Only links of this domain, in any case.
    pub(super) domain: Option<String>,
    /// Only links that they made: `usr_…` or `key_…`.
    pub(super) created_by: Option<String>,
    /// Only links made then (RFC 3339) or later.
    pub(super) created_from: Option<String>,
    /// Only links made earlier (RFC 3339).
    pub(super) created_before: Option<String>,
    /// Only links with one of these tags, separated by commas.
    pub(super) any_tag: Option<String>,
    /// Only links with all of these tags.
    pub(super) all_tags: Option<String>,
    /// Only links with none of these tags.
    pub(super) no_tag: Option<String>,
    /// Whether archived links are among them. When absent, `exclude`, but in the bin `include`.
    #[param(inline)]
    #[schema(inline)]
    pub(super) archived: Option<Archived>,
}

impl ListLinks {
    /// The filters among the parameters.
    pub(super) fn filters(&self) -> LinkFilters {
        LinkFilters {
            q: self.q.clone(),
            status: self.status,
            domain: self.domain.clone(),
            created_by: self.created_by.clone(),
            created_from: self.created_from.clone(),
            created_before: self.created_before.clone(),
            any_tag: self.any_tag.clone(),
            all_tags: self.all_tags.clone(),
            no_tag: self.no_tag.clone(),
            archived: self.archived,
        }
    }
}

impl LinkFilters {
    /// The same for the database.
    ///
    /// # Errors
    /// All fields that are refused.
    pub(super) fn check(&mut self, state: &AppState) -> Result<LinkFilter<'_>> {
        let mut check = FieldCheck::new(state);
        let filter = self.read(&mut check);
        check.finish()?;
        Ok(filter)
    }

    /// The same, to be told together with what else is refused. Names are put into their normal form.
    pub(super) fn read(&mut self, check: &mut FieldCheck<'_>) -> LinkFilter<'_> {
        if let Some(text) = &mut self.domain {
            match text.parse::<Domain>() {
                Ok(domain) => *text = domain.into(),
                Err(reason) => check.refuse("domain", "invalid_domain", reason),
            }
        }
        let mut moment = |field, text: &Option<String>| check.moment(field, text.as_deref()?);
        let created_from = moment("created_from", &self.created_from);
        let created_before = moment("created_before", &self.created_before);
        let mut tags = |field, text: &Option<String>| tags(field, text.as_deref()?, check);
        let any_tag = tags("any_tag", &self.any_tag);
        let all_tags = tags("all_tags", &self.all_tags);
        let no_tag = tags("no_tag", &self.no_tag);
        LinkFilter {
            search: paging::search(self.q.as_deref(), check),
            status: self.status.map(LinkStatus::as_str),
            domain: self.domain.as_deref(),
            created_by: paging::name("created_by", self.created_by.as_deref(), check),
            created_from,
            created_before,
            any_tag,
            all_tags,
            no_tag,
            is_archived: match (self.archived, self.status) {
                // Whoever looks into the bin looks for what is there.
                (Some(Archived::Include), _) | (None, Some(LinkStatus::Deleted)) => None,
                (Some(Archived::Only), _) => Some(true),
                (Some(Archived::Exclude) | None, _) => Some(false),
            },
        }
    }
}

/// Leaves only what the caller's key sees.
///
/// # Errors
/// [`Error::NotFound`] if another domain is asked for.
pub(super) fn narrow<'f>(filter: &mut LinkFilter<'f>, caller: &'f Caller) -> Result<()> {
    if let Some(only) = &caller.only_domain {
        if filter.domain.is_some_and(|asked| asked != only.as_str()) {
            return Err(Error::NotFound("domain"));
        }
        filter.domain = Some(only.as_str());
    }
    if let Some(only) = &caller.only_tag {
        filter.all_tags.get_or_insert_default().push(only.clone());
    }
    Ok(())
}

/// Tags separated by commas, as links have them.
fn tags(field: &str, text: &str, check: &mut FieldCheck<'_>) -> Option<Vec<String>> {
    let tags: Vec<String> = text
        .split(',')
        .filter_map(|tag| check.text(field, tag, crate::field_check::MAX_TEXT))
        .map(|tag| tag.to_lowercase())
        .collect();
    let is_good = check.length(field, tags.len(), 1..=MAX_TAGS);
    is_good.then_some(tags)
}
