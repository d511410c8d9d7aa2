use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::Message;
use crate::auth::Caller;
use crate::auth::id::{MessageId, WebhookId};
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::state::AppState;

/// Send a message again
///
/// Now, and with as many attempts as the first time. It has the same `webhook-id`, so a receiver that
/// has it can tell.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/messages/{message}/replay", tag = "webhooks",
    params(
        ("id" = String, Path, description = "`whk_…`"),
        ("message" = String, Path, description = "`msg_…`"),
    ),
    responses(
        (status = 202, description = "It will be sent", body = Message),
        (status = 404, description = "`not_found`", body = Problem),
    ))]
pub async fn replay_message(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<(StatusCode, Json<Message>)> {
    let not_found = || Error::NotFound("message");
    let Path((webhook, message)) = path.map_err(|_| not_found())?;
    let WebhookId(webhook) = webhook.parse().map_err(|_| not_found())?;
    let MessageId(message) = message.parse().map_err(|_| not_found())?;
    let (pool, now) = (&state.pool, state.now());
    let row = db::replay_message(pool, caller.workspace_id, webhook, message, now).await?;
    let row = row.ok_or_else(not_found)?;
    Ok((StatusCode::ACCEPTED, Json(row.try_into()?)))
}
