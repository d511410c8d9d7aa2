use axum::extract::State;

use super::Workspace;
use crate::auth::SessionCaller;
use crate::auth::id::WorkspaceId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;
use crate::versions::Versioned;

/// Read a workspace
///
/// One that the signed-in user belongs to.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}", tag = "people",
    params(("id" = String, Path, description = "`wsp_…`")),
    responses(
        (status = 200, description = "The workspace", body = Workspace),
        (status = 304, description = "Not changed"),
        (status = 404, description = "`not_found`", body = Problem),
    ))]
pub async fn get_workspace(
    State(state): State<AppState>,
    SessionCaller(session): SessionCaller,
    IdPath(WorkspaceId(id)): IdPath<WorkspaceId>,
) -> Result<Versioned<Workspace>> {
    let rows = db::list_workspaces(&state.pool, session.user_id).await?;
    let row = rows.into_iter().find(|row| row.id == id);
    let row = row.ok_or(Error::NotFound("workspace"))?;
    Ok(Versioned(row.revision()?, row.try_into()?))
}
