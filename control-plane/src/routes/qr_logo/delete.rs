use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;

use crate::auth::Caller;
use crate::auth::id::WorkspaceId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::state::AppState;
use crate::versions::{IfMatch, revision_of_bytes};

/// Remove the logo
#[utoipa::path(delete, path = "/api/v1/qr-logo", tag = "links",
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "There is none", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn delete_qr_logo(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
) -> Result<StatusCode> {
    caller.may_edit()?;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { delete(&state, &caller, &if_match).await });
    task.await.map_err(Error::internal)??;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(state: &AppState, caller: &Caller, if_match: &IfMatch) -> Result<()> {
    let mut transaction = db::begin(&state.pool).await?;
    let current = db::lock_qr_logo(&mut transaction, caller.workspace_id).await?;
    let current = current.ok_or(Error::NotFound("logo"))?;
    if_match.check(revision_of_bytes(&current))?;
    db::delete_qr_logo(&mut transaction, caller.workspace_id).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "qr_logo.removed", state.now());
    let id = WorkspaceId(caller.workspace_id);
    deed.record(&mut transaction, id, &json!({})).await?;
    db::commit(transaction).await?;
    Ok(())
}
