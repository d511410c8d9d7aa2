use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Session;
use crate::auth::SessionCaller;
use crate::auth::id::WorkspaceId;
use crate::db;
use crate::error::{Error, Result};
use crate::json::JsonBody;
use crate::problem::Problem;
use crate::state::AppState;

/// Where to look from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchWorkspace {
    /// A workspace of the signed-in user.
    #[schema(example = "wsp_01K9ZC6T2YJ4T1B6Q8S3W5")]
    workspace_id: String,
}

/// Look at another workspace
#[utoipa::path(patch, path = "/api/v1/session", tag = "session", request_body = SwitchWorkspace,
    responses(
        (status = 200, description = "The session as it is now", body = Session),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 404, description = "`not_found`: none of theirs", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn switch_workspace(
    State(state): State<AppState>,
    SessionCaller(session): SessionCaller,
    JsonBody(body): JsonBody<SwitchWorkspace>,
) -> Result<Json<Session>> {
    let not_found = || Error::NotFound("workspace");
    let WorkspaceId(id) = body.workspace_id.parse().map_err(|_| not_found())?;
    if !db::switch_session(&state.pool, session.id, id).await? {
        return Err(not_found());
    }
    let workspaces = db::list_workspaces(&state.pool, session.user_id).await?;
    let workspace = workspaces.into_iter().find(|workspace| workspace.id == id);
    let workspace = workspace.ok_or_else(not_found)?;
    let (id, name) = (workspace.id, workspace.name);
    let session = Session::new(session.user_id, session.email, (id, name), workspace.role);
    Ok(Json(session))
}
