use axum::extract::State;
use serde_json::json;

use super::{NameWorkspace, Workspace};
use crate::auth::Caller;
use crate::auth::id::WorkspaceId;
use crate::db::{self, WorkspaceRow};
use crate::error::{Error, Result};
use crate::json::JsonBody;
use crate::problem::Problem;
use crate::state::AppState;
use crate::versions::{IfMatch, Versioned};

/// Rename the workspace
///
/// The one that the session looks at.
#[utoipa::path(patch, path = "/api/v1/workspace", tag = "people", request_body = NameWorkspace,
    responses(
        (status = 200, description = "The workspace as it is now", body = Workspace),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn rename_workspace(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
    JsonBody(body): JsonBody<NameWorkspace>,
) -> Result<Versioned<Workspace>> {
    let name = body.check(&state)?;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { rename(&state, &caller, name, &if_match).await });
    let row = task.await.map_err(Error::internal)??;
    Ok(Versioned(row.revision()?, row.try_into()?))
}

async fn rename(
    state: &AppState,
    caller: &Caller,
    name: String,
    if_match: &IfMatch,
) -> Result<WorkspaceRow> {
    let role = caller.role.as_str();
    let mut transaction = db::begin(&state.pool).await?;
    let row = db::lock_workspace(&mut transaction, caller.workspace_id, role).await?;
    let row = row.ok_or(Error::NotFound("workspace"))?;
    if_match.check(row.revision()?)?;
    db::rename_workspace(&mut transaction, row.id, &name).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "workspace.renamed", state.now());
    let id = WorkspaceId(caller.workspace_id);
    deed.record(&mut transaction, id, &json!({ "name": &name }))
        .await?;
    db::commit(transaction).await?;
    Ok(WorkspaceRow { name, ..row })
}
