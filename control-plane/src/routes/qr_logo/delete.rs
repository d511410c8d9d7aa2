use axum::extract::State;
use axum::http::StatusCode;

use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::state::AppState;

/// Remove the logo
#[utoipa::path(delete, path = "/api/v1/qr-logo", tag = "links",
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "There is none", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn delete_qr_logo(State(state): State<AppState>, caller: Caller) -> Result<StatusCode> {
    caller.may_edit()?;
    match db::delete_qr_logo(&state.pool, caller.workspace_id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Error::NotFound("logo")),
    }
}
