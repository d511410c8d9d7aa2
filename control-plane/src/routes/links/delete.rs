use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contract::LinkId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::{Action, Cause};
use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::propagation::{Propagation, Wait};
use crate::routes::{LinkPath, Query};
use crate::state::AppState;
use crate::versions::IfMatch;

/// A link that was just deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeletedLink {
    /// Where the deletion is in effect.
    propagation: Propagation,
}

/// Delete a link
///
/// It goes into the bin: the edge answers 410, its code stays taken and its statistics stay. For 30
/// days it can be restored.
#[utoipa::path(delete, path = "/api/v1/links/{id}", tag = "links",
    params(("id" = String, Path, description = "`lnk_…`"), Wait),
    responses(
        (status = 200, description = "Deleted; `wait` was asked for", body = DeletedLink),
        (status = 204, description = "Deleted"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 410, description = "`link_gone`", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn delete_link(
    State(state): State<AppState>,
    caller: Caller,
    LinkPath(id): LinkPath,
    if_match: IfMatch,
    Query(wait): Query<Wait>,
) -> Result<Response> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    let task = tokio::spawn({
        let state = state.clone();
        async move { delete(&state, &caller, id, &if_match).await }
    });
    let revision = task.await.map_err(Error::internal)??;
    let Some(patience) = patience else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let propagation = state.reports.wait(&state.pool, revision, patience).await;
    Ok(Json(DeletedLink { propagation }).into_response())
}

async fn delete(state: &AppState, caller: &Caller, id: LinkId, if_match: &IfMatch) -> Result<i64> {
    let now = state.now();
    let mut transaction = db::begin(&state.pool).await?;
    let mut link = db::lock_link(&mut transaction, caller.workspace_id, id).await?;
    caller.must_see(&link)?;
    if_match.check(link.revision)?;
    link.deleted_at = Some(now);
    db::write_deleted(&mut transaction, &link).await?;
    let cause = Cause {
        action: Action::Deleted,
        actor: &caller.identity.to_string(),
        at: now,
    };
    let link = db::log_change(&mut transaction, &link, &cause).await?;
    db::commit(transaction).await?;
    Ok(link.revision)
}
