use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;

use super::NameWorkspace;
use crate::auth::Caller;
use crate::auth::id::WorkspaceId;
use crate::db;
use crate::error::{Error, Result};
use crate::json::JsonBody;
use crate::problem::Problem;
use crate::state::AppState;

/// Rename the workspace
///
/// The one that the session looks at.
#[utoipa::path(patch, path = "/api/v1/workspace", tag = "people", request_body = NameWorkspace,
    responses(
        (status = 204, description = "Renamed"),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn rename_workspace(
    State(state): State<AppState>,
    caller: Caller,
    JsonBody(body): JsonBody<NameWorkspace>,
) -> Result<StatusCode> {
    let name = body.check(&state)?;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { rename(&state, &caller, &name).await });
    task.await.map_err(Error::internal)??;
    Ok(StatusCode::NO_CONTENT)
}

async fn rename(state: &AppState, caller: &Caller, name: &str) -> Result<()> {
    let mut transaction = db::begin(&state.pool).await?;
    db::rename_workspace(&mut transaction, caller.workspace_id, name).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "workspace.renamed", state.now());
    let id = WorkspaceId(caller.workspace_id);
    deed.record(&mut transaction, id, &json!({ "name": name }))
        .await?;
    transaction.commit().await?;
    Ok(())
}
