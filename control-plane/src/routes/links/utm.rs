//! UTM parameters of a link's target, as bodies name them: by value, and by template.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::auth::id::UtmTemplateId;
use crate::db::{self, UtmTemplateRow};
use crate::error::{Error, Result};
use crate::field_check::{FieldCheck, MAX_TEXT};
use crate::json;
use crate::state::AppState;
use crate::utm::UtmEdits;

/// Values of UTM parameters, to be written into `original_url`. Each takes the place of the value
/// that is there; `null` takes the parameter away; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Utm {
    /// `utm_source`: from where visitors come.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 200, example = "newsletter")]
    source: Option<Option<String>>,
    /// `utm_medium`: by which means.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 200, example = "email")]
    medium: Option<Option<String>>,
    /// `utm_campaign`: to which campaign the link belongs.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 200, example = "spring-27")]
    campaign: Option<Option<String>>,
    /// `utm_term`: for which words that were searched for.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 200)]
    term: Option<Option<String>>,
    /// `utm_content`: which of several links it is.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 200)]
    content: Option<Option<String>>,
}

impl Utm {
    /// The same, with values of a template where it says nothing itself.
    fn over(self, template: &UtmTemplateRow) -> Self {
        // What a template does not set, it leaves alone.
        let or = |own: Option<Option<String>>, value: &Option<String>| {
            own.or_else(|| value.clone().map(Some))
        };
        Self {
            source: or(self.source, &template.source),
            medium: or(self.medium, &template.medium),
            campaign: or(self.campaign, &template.campaign),
            term: or(self.term, &template.term),
            content: or(self.content, &template.content),
        }
    }

    /// Blank means none.
    fn check(self, check: &mut FieldCheck<'_>) -> UtmEdits {
        let mut value = |field: &str, text: Option<Option<String>>| {
            text.map(|text| check.text(&format!("utm.{field}"), &text?, MAX_TEXT))
        };
        UtmEdits([
            value("source", self.source),
            value("medium", self.medium),
            value("campaign", self.campaign),
            value("term", self.term),
            value("content", self.content),
        ])
    }
}

/// What a body says of UTM parameters, in order.
///
/// Templates must have been looked up by then: whoever has not done so refuses them here.
pub(super) fn check(
    utm: Option<Utm>,
    template: Option<&str>,
    check: &mut FieldCheck<'_>,
) -> Option<UtmEdits> {
    if template.is_some() {
        let message = "templates are not looked up here; send their values as 'utm'";
        check.refuse("utm_template", "not_here", message);
    }
    utm.map(|utm| utm.check(check))
}

/// A target, which was checked, with these parameters.
pub(super) fn tagged(
    target: String,
    utm: Option<&UtmEdits>,
    check: &mut FieldCheck<'_>,
) -> Option<String> {
    match utm {
        Some(utm) => check.url("utm", &utm.apply(&target)),
        None => Some(target),
    }
}

/// A workspace's templates, if a request names one.
pub(super) struct Templates(Vec<UtmTemplateRow>);

impl Templates {
    /// Reads them, if any is named.
    pub(super) async fn load(state: &AppState, caller: &Caller, is_named: bool) -> Result<Self> {
        if !is_named {
            return Ok(Self::none());
        }
        let templates = db::list_utm_templates(&state.pool, caller.workspace_id).await?;
        Ok(Self(templates))
    }

    /// Where none can be named.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// Puts the values of the template that a body names into the body.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no such template.
    pub(super) fn fill(&self, utm: &mut Option<Utm>, name: &mut Option<String>) -> Result<()> {
        let Some(name) = name.take() else {
            return Ok(());
        };
        let id = name.parse::<UtmTemplateId>().ok();
        let mut templates = self.0.iter();
        let template = templates.find(|template| Some(UtmTemplateId(template.id)) == id);
        let Some(template) = template else {
            let message = "there is no such template";
            return Err(Error::invalid("utm_template", "unknown_template", message));
        };
        *utm = Some(utm.take().unwrap_or_default().over(template));
        Ok(())
    }
}
