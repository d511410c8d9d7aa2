//! A template as a workspace's file keeps it.

use serde::{Deserialize, Serialize};

use super::fields;
use crate::auth::id::UtmTemplateId;
use crate::db::UtmTemplateRow;
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;
use crate::routes::links::kept_moment;
use crate::state::AppState;

/// A template, written as the API writes it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptUtmTemplate {
    id: String,
    name: String,
    source: Option<String>,
    medium: Option<String>,
    campaign: Option<String>,
    term: Option<String>,
    content: Option<String>,
    created_at: String,
    updated_at: String,
}

impl KeptUtmTemplate {
    /// What is kept of a template.
    pub(crate) fn of(row: UtmTemplateRow) -> Result<Self> {
        Ok(Self {
            id: UtmTemplateId(row.id).to_string(),
            name: row.name,
            source: row.source,
            medium: row.medium,
            campaign: row.campaign,
            term: row.term,
            content: row.content,
            created_at: kept_moment(row.created_at)?,
            updated_at: kept_moment(row.updated_at)?,
        })
    }

    /// The template, if it could have been made here once.
    ///
    /// # Errors
    /// All fields that are refused.
    pub(crate) fn check(self, state: &AppState) -> Result<UtmTemplateRow> {
        let mut check = FieldCheck::of_restored(state, false);
        let id = self.id.parse::<UtmTemplateId>().ok();
        if id.is_none() {
            check.refuse("id", "invalid_id", "this is no template's id");
        }
        let name = fields::name(&self.name, &mut check);
        let mut value = |field, text| fields::value(field, text, &mut check);
        let source = value("source", self.source);
        let medium = value("medium", self.medium);
        let campaign = value("campaign", self.campaign);
        let term = value("term", self.term);
        let content = value("content", self.content);
        let created_at = check.moment("created_at", &self.created_at);
        let updated_at = check.moment("updated_at", &self.updated_at);
        check.finish()?;
        let lost = || Error::internal("a field of a kept template got lost");
        Ok(UtmTemplateRow {
            id: id.ok_or_else(lost)?.0,
            name: name.ok_or_else(lost)?,
            source,
            medium,
            campaign,
            term,
            content,
            created_at: created_at.ok_or_else(lost)?,
            updated_at: updated_at.ok_or_else(lost)?,
        })
    }
}
