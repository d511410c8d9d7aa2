use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Webhook, fields};
use crate::auth::Caller;
use crate::auth::id::WebhookId;
use crate::db::{self, WebhookRow};
use crate::error::{Error, Result};
use crate::json::{self, JsonFields};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;
use crate::versions::{IfMatch, Versioned};
use crate::webhooks::{AuditedWebhook, Event};

/// What to change. Absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateWebhook {
    /// Where messages are sent from now on, those on their way included.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false, max_length = 2048)]
    url: Option<String>,
    /// What it is told of from now on.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false, min_items = 1)]
    events: Option<Vec<Event>>,
    /// Numbers of clicks of a link to be told of, at most 20.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false, max_items = 20)]
    click_thresholds: Option<Vec<i64>>,
    /// False: it is told nothing, and what is on its way waits.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

/// Change a webhook
#[utoipa::path(patch, path = "/api/v1/webhooks/{id}", tag = "webhooks",
    request_body = UpdateWebhook,
    params(("id" = String, Path, description = "`whk_…`")),
    responses(
        (status = 200, description = "The webhook as it is now", body = Webhook),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn update_webhook(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(WebhookId(id)): IdPath<WebhookId>,
    if_match: IfMatch,
    JsonFields(fields): JsonFields<UpdateWebhook>,
) -> Result<Versioned<Webhook>> {
    let (body, mut check) = fields.check(&state);
    let edit = Edit {
        url: body.url.and_then(|url| check.url("url", &url)),
        events: body.events.map(|events| fields::events(events, &mut check)),
        click_thresholds: body
            .click_thresholds
            .map(|numbers| fields::thresholds(numbers, &mut check)),
        is_enabled: body.enabled,
    };
    check.finish()?;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { edit.write(&state, &caller, id, &if_match).await });
    let row = task.await.map_err(Error::internal)??;
    Ok(Versioned(row.revision()?, row.try_into()?))
}

struct Edit {
    url: Option<String>,
    events: Option<Vec<String>>,
    click_thresholds: Option<Vec<i64>>,
    is_enabled: Option<bool>,
}

impl Edit {
    async fn write(
        self,
        state: &AppState,
        caller: &Caller,
        id: Uuid,
        if_match: &IfMatch,
    ) -> Result<WebhookRow> {
        let mut transaction = db::begin(&state.pool).await?;
        let row = db::lock_webhook(&mut transaction, caller.workspace_id, id).await?;
        let before = row.ok_or(Error::NotFound("webhook"))?;
        if_match.check(before.revision()?)?;
        let row = before.clone();
        let row = WebhookRow {
            url: self.url.unwrap_or(row.url),
            events: self.events.unwrap_or(row.events),
            click_thresholds: self.click_thresholds.unwrap_or(row.click_thresholds),
            is_enabled: self.is_enabled.unwrap_or(row.is_enabled),
            ..row
        };
        if row.revision()? == before.revision()? {
            return Ok(row);
        }
        let row = WebhookRow {
            updated_at: state.now(),
            ..row
        };
        db::update_webhook(&mut transaction, &row).await?;
        db::pass_over_thresholds(&mut transaction, id).await?;
        let actor = caller.identity.to_string();
        let deed = caller.deed(&actor, "webhook.updated", row.updated_at);
        let changed = AuditedWebhook::try_from(&row)?;
        deed.record(&mut transaction, WebhookId(id), &changed)
            .await?;
        db::commit(transaction).await?;
        Ok(row)
    }
}
