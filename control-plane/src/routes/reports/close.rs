use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::ReportId;
use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::state::AppState;

/// Close a report
///
/// For owners and admins, when they have looked at it. Taking the link down is another request.
#[utoipa::path(post, path = "/api/v1/reports/{id}/close", tag = "reports",
    params(("id" = String, Path, description = "`rep_…`")),
    responses(
        (status = 204, description = "Closed"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "No such open report", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn close_report(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<StatusCode> {
    caller.may_administer()?;
    let absent = || Error::NotFound("report");
    let Path(id) = path.map_err(|_| absent())?;
    let id: ReportId = id.parse().map_err(|_| absent())?;
    match db::close_report(&state.pool, caller.workspace_id, id.0, state.now()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(absent()),
    }
}
