use axum::extract::{Path, State};
use axum::http::StatusCode;
use contract::LinkId;
use serde_json::json;

use super::ReportId;
use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::once::Once;
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
    once: Once,
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<StatusCode> {
    caller.may_administer()?;
    let absent = || Error::NotFound("report");
    let Path(id) = path.map_err(|_| absent())?;
    let id: ReportId = id.parse().map_err(|_| absent())?;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { close(&state, &caller, id, &once).await });
    task.await.map_err(Error::internal)??;
    Ok(StatusCode::NO_CONTENT)
}

async fn close(state: &AppState, caller: &Caller, id: ReportId, once: &Once) -> Result<()> {
    let now = state.now();
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    let closed = db::close_report(&mut transaction, caller.workspace_id, id.0, now).await?;
    let closed = closed.ok_or(Error::NotFound("report"))?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "report.closed", now);
    // Without the visitor's words.
    let told = json!({ "link_id": LinkId(closed.link_id), "reason": closed.reason });
    deed.record(&mut transaction, id, &told).await?;
    once.keep(&mut transaction, StatusCode::NO_CONTENT, None, &())
        .await?;
    db::commit(transaction).await?;
    Ok(())
}
