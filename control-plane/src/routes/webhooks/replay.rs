use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use super::Message;
use crate::auth::Caller;
use crate::auth::id::{MessageId, WebhookId};
use crate::db;
use crate::error::{Error, Result};
use crate::once::Once;
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
    once: Once,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<(StatusCode, Json<Message>)> {
    let not_found = || Error::NotFound("message");
    let Path((webhook, message)) = path.map_err(|_| not_found())?;
    let WebhookId(webhook) = webhook.parse().map_err(|_| not_found())?;
    let MessageId(message) = message.parse().map_err(|_| not_found())?;
    let workspace_id = caller.workspace_id;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task =
        tokio::spawn(async move { replay(&state, workspace_id, (webhook, message), &once).await });
    let message = task.await.map_err(Error::internal)??;
    Ok((StatusCode::ACCEPTED, Json(message)))
}

async fn replay(
    state: &AppState,
    workspace_id: Uuid,
    (webhook, message): (Uuid, Uuid),
    once: &Once,
) -> Result<Message> {
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    let now = state.now();
    let row = db::replay_message(&mut transaction, workspace_id, webhook, message, now).await?;
    let message: Message = row.ok_or(Error::NotFound("message"))?.try_into()?;
    once.keep(&mut transaction, StatusCode::ACCEPTED, None, &message)
        .await?;
    db::commit(transaction).await?;
    Ok(message)
}
