use axum::extract::State;
use axum::http::StatusCode;

use super::NameWorkspace;
use crate::auth::Caller;
use crate::db;
use crate::error::Result;
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
    db::rename_workspace(&state.pool, caller.workspace_id, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
