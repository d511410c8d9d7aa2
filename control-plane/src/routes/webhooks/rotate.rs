use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::NewWebhook;
use crate::auth::Caller;
use crate::auth::id::WebhookId;
use crate::db::{self, WebhookRow};
use crate::error::{Error, Result};
use crate::json::JsonBody;
use crate::once::Once;
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;
use crate::webhooks::{AuditedWebhook, Secret};

/// Longest time for which messages have two signatures.
const LONGEST_OVERLAP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How to rotate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateWebhookSecret {
    /// How long messages are signed with the old secret, too: `0s`, `24h`, at most `30days`.
    #[serde(default = "a_day")]
    #[schema(default = "24h", example = "24h")]
    overlap: String,
}

fn a_day() -> String {
    "24h".into()
}

/// Rotate a webhook's secret
///
/// Messages, also those that were written down before, are signed with the new secret from now on, and
/// with the old one until the overlap is over: `webhook-signature` then has two signatures, separated
/// by a blank, the new one first. Rotated again meanwhile, it is the last two.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/rotate-secret", tag = "webhooks",
    request_body = RotateWebhookSecret,
    params(("id" = String, Path, description = "`whk_…`")),
    responses(
        (status = 200, description = "The webhook, with its new secret", body = NewWebhook),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn rotate_webhook_secret(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    IdPath(WebhookId(id)): IdPath<WebhookId>,
    JsonBody(body): JsonBody<RotateWebhookSecret>,
) -> Result<Json<NewWebhook>> {
    let overlap = humantime::parse_duration(&body.overlap).ok();
    let overlap = overlap.filter(|overlap| *overlap <= LONGEST_OVERLAP);
    let overlap = overlap.ok_or_else(|| {
        let message = "a time is written as 90m or 24h; the longest is 30days";
        Error::invalid("overlap", "invalid_duration", message)
    })?;
    let secret = Secret::generate();
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn({
        let secret = secret.clone();
        async move { rotate(&state, &caller, id, (&secret, overlap), &once).await }
    });
    let row = task.await.map_err(Error::internal)??;
    Ok(Json(NewWebhook::new(row.try_into()?, &secret)))
}

async fn rotate(
    state: &AppState,
    caller: &Caller,
    id: Uuid,
    (secret, overlap): (&Secret, Duration),
    once: &Once,
) -> Result<WebhookRow> {
    let now = state.now();
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    let row = db::lock_webhook(&mut transaction, caller.workspace_id, id).await?;
    let row = row.ok_or(Error::NotFound("webhook"))?;
    let row = WebhookRow {
        updated_at: now,
        ..row
    };
    let old_until = (!overlap.is_zero()).then(|| now + overlap);
    db::rotate_webhook_secret(&mut transaction, id, secret.as_bytes(), old_until, now).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "webhook.secret_rotated", now);
    let rotated = AuditedWebhook::try_from(&row)?;
    deed.record(&mut transaction, WebhookId(id), &rotated)
        .await?;
    let kept = NewWebhook::without_secret(&row)?;
    once.keep(&mut transaction, StatusCode::OK, None, &kept)
        .await?;
    db::commit(transaction).await?;
    Ok(row)
}
