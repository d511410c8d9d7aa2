use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

use crate::auth::Caller;
use crate::auth::id::WebhookId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;
use crate::versions::IfMatch;
use crate::webhooks::AuditedWebhook;

/// Remove a webhook
///
/// With its messages; those on their way are not sent.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "`whk_…`")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
    ))]
pub async fn remove_webhook(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(WebhookId(id)): IdPath<WebhookId>,
    if_match: IfMatch,
) -> Result<StatusCode> {
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { remove(&state, &caller, id, &if_match).await });
    task.await.map_err(Error::internal)??;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(state: &AppState, caller: &Caller, id: Uuid, if_match: &IfMatch) -> Result<()> {
    let mut transaction = db::begin(&state.pool).await?;
    let row = db::lock_webhook(&mut transaction, caller.workspace_id, id).await?;
    let row = row.ok_or(Error::NotFound("webhook"))?;
    if_match.check(row.revision()?)?;
    db::delete_webhook(&mut transaction, id).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "webhook.removed", state.now());
    let removed = AuditedWebhook::try_from(&row)?;
    deed.record(&mut transaction, WebhookId(id), &removed)
        .await?;
    db::commit(transaction).await?;
    Ok(())
}
