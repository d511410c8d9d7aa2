use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{UtmTemplate, fields};
use crate::auth::Caller;
use crate::auth::id::UtmTemplateId;
use crate::db::{self, UtmTemplateRow};
use crate::error::{Error, Result};
use crate::json::{Fields, JsonFields};
use crate::once::Once;
use crate::problem::Problem;
use crate::state::AppState;

/// Templates of a workspace. A list shows them all.
pub(crate) const MOST: i64 = 200;

/// A template to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUtmTemplate {
    /// What to call it: no other of the workspace has the name.
    #[schema(max_length = 200, example = "Spring newsletter")]
    name: String,
    /// `utm_source`. What is absent, links keep as they have it.
    #[schema(max_length = 200, example = "newsletter")]
    source: Option<String>,
    /// `utm_medium`.
    #[schema(max_length = 200, example = "email")]
    medium: Option<String>,
    /// `utm_campaign`.
    #[schema(max_length = 200, example = "spring-27")]
    campaign: Option<String>,
    /// `utm_term`.
    #[schema(max_length = 200)]
    term: Option<String>,
    /// `utm_content`.
    #[schema(max_length = 200)]
    content: Option<String>,
}

/// Make a UTM template
///
/// Links are tagged with it by `utm_template`, when they are made or edited. They keep what it says
/// then: a template can change or go without them.
#[utoipa::path(post, path = "/api/v1/utm-templates", tag = "utm",
    request_body = CreateUtmTemplate,
    responses(
        (status = 201, description = "Made", body = UtmTemplate,
            headers(("Location" = String, description = "Address of the template in this API"))),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 409, description = "`conflict`: another has the name, or there are too many",
            body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn create_utm_template(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    JsonFields(fields): JsonFields<CreateUtmTemplate>,
) -> Result<impl IntoResponse> {
    let row = check(fields, &state)?;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { insert(&state, &caller, row, &once).await });
    let made = task.await.map_err(Error::internal)??;
    let location = AppendHeaders([(LOCATION, made.location())]);
    Ok((StatusCode::CREATED, location, Json(made)))
}

fn check(given: Fields<CreateUtmTemplate>, state: &AppState) -> Result<UtmTemplateRow> {
    let (body, mut check) = given.check(state);
    let name = fields::name(&body.name, &mut check);
    let mut value = |field, text| fields::value(field, text, &mut check);
    let row = UtmTemplateRow {
        id: Uuid::now_v7(),
        name: name.unwrap_or_default(),
        source: value("source", body.source),
        medium: value("medium", body.medium),
        campaign: value("campaign", body.campaign),
        term: value("term", body.term),
        content: value("content", body.content),
        created_at: state.now(),
        updated_at: state.now(),
    };
    check.finish()?;
    Ok(row)
}

async fn insert(
    state: &AppState,
    caller: &Caller,
    row: UtmTemplateRow,
    once: &Once,
) -> Result<UtmTemplate> {
    let workspace_id = caller.workspace_id;
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    if db::count_utm_templates(&mut transaction, workspace_id).await? >= MOST {
        return Err(Error::Conflict("a workspace has at most 200 UTM templates"));
    }
    db::insert_utm_template(&mut transaction, workspace_id, &row).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "utm_template.created", row.created_at);
    let id = UtmTemplateId(row.id);
    let made = UtmTemplate::from(row);
    deed.record(&mut transaction, id, &made).await?;
    let location = made.location();
    let status = StatusCode::CREATED;
    once.keep(&mut transaction, status, Some(&location), &made)
        .await?;
    db::commit(transaction).await?;
    Ok(made)
}
