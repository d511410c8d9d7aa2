use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{UtmTemplate, fields};
use crate::auth::Caller;
use crate::auth::id::UtmTemplateId;
use crate::db;
use crate::error::{Error, Result};
use crate::json::{self, Fields, JsonFields};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;
use crate::versions::{IfMatch, Versioned};

/// What to change. Absent fields stay; `null` clears what may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateUtmTemplate {
    /// What to call it from now on.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false, max_length = 200)]
    name: Option<String>,
    /// `utm_source`.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 200, example = "newsletter")]
    source: Option<Option<String>>,
    /// `utm_medium`.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 200)]
    medium: Option<Option<String>>,
    /// `utm_campaign`.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 200)]
    campaign: Option<Option<String>>,
    /// `utm_term`.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 200)]
    term: Option<Option<String>>,
    /// `utm_content`.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 200)]
    content: Option<Option<String>>,
}

/// Change a UTM template
///
/// Links that were tagged with it stay as they are.
#[utoipa::path(patch, path = "/api/v1/utm-templates/{id}", tag = "utm",
    request_body = UpdateUtmTemplate,
    params(("id" = String, Path, description = "`utm_…`")),
    responses(
        (status = 200, description = "The template as it is now", body = UtmTemplate),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 409, description = "`conflict`: another has the name", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn update_utm_template(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(UtmTemplateId(id)): IdPath<UtmTemplateId>,
    if_match: IfMatch,
    JsonFields(fields): JsonFields<UpdateUtmTemplate>,
) -> Result<Versioned<UtmTemplate>> {
    let edit = Edit::check(fields, &state)?;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { edit.write(&state, &caller, id, &if_match).await });
    task.await.map_err(Error::internal)?
}

/// An edit whose fields are in order. The outer `None` leaves a field alone.
struct Edit {
    name: Option<String>,
    source: Option<Option<String>>,
    medium: Option<Option<String>>,
    campaign: Option<Option<String>>,
    term: Option<Option<String>>,
    content: Option<Option<String>>,
}

impl Edit {
    fn check(given: Fields<UpdateUtmTemplate>, state: &AppState) -> Result<Self> {
        let (body, mut check) = given.check(state);
        let name = body.name.and_then(|name| fields::name(&name, &mut check));
        let mut value = |field, text: Option<Option<String>>| {
            text.map(|text| fields::value(field, text, &mut check))
        };
        let edit = Self {
            name,
            source: value("source", body.source),
            medium: value("medium", body.medium),
            campaign: value("campaign", body.campaign),
            term: value("term", body.term),
            content: value("content", body.content),
        };
        check.finish()?;
        Ok(edit)
    }

    async fn write(
        self,
        state: &AppState,
        caller: &Caller,
        id: Uuid,
        if_match: &IfMatch,
    ) -> Result<Versioned<UtmTemplate>> {
        let mut transaction = db::begin(&state.pool).await?;
        let row = db::lock_utm_template(&mut transaction, caller.workspace_id, id).await?;
        let mut row = row.ok_or(Error::NotFound("UTM template"))?;
        if_match.check(row.revision()?)?;
        let before = row.revision()?;
        if let Some(name) = self.name {
            row.name = name;
        }
        for (place, value) in [
            (&mut row.source, self.source),
            (&mut row.medium, self.medium),
            (&mut row.campaign, self.campaign),
            (&mut row.term, self.term),
            (&mut row.content, self.content),
        ] {
            if let Some(value) = value {
                *place = value;
            }
        }
        if row.revision()? == before {
            return Ok(Versioned(before, UtmTemplate::from(row)));
        }
        row.updated_at = state.now();
        db::update_utm_template(&mut transaction, &row).await?;
        let actor = caller.identity.to_string();
        let deed = caller.deed(&actor, "utm_template.updated", row.updated_at);
        let revision = row.revision()?;
        let changed = UtmTemplate::from(row);
        deed.record(&mut transaction, UtmTemplateId(id), &changed)
            .await?;
        db::commit(transaction).await?;
        Ok(Versioned(revision, changed))
    }
}
