use axum::extract::State;
use axum::http::StatusCode;
use contract::LinkId;
use uuid::Uuid;

use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::LinkPath;
use crate::state::AppState;

/// Delete a link
///
/// It goes into the bin: the edge answers 410, its code stays taken and its statistics stay.
#[utoipa::path(delete, path = "/api/v1/links/{id}", tag = "links",
    params(("id" = String, Path, description = "`lnk_…`")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn delete_link(
    State(state): State<AppState>,
    caller: Caller,
    LinkPath(id): LinkPath,
) -> Result<StatusCode> {
    caller.may_edit()?;
    let task = tokio::spawn(async move { delete(&state, caller.workspace_id, id).await });
    task.await.map_err(Error::internal)??;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(state: &AppState, workspace_id: Uuid, id: LinkId) -> Result<()> {
    let now = state.now();
    let mut transaction = state.pool.begin().await?;
    if !db::delete_link(&mut transaction, workspace_id, id, now).await? {
        return Err(Error::NotFound("link"));
    }
    db::log_change(&mut transaction, id.0, now).await?;
    transaction.commit().await?;
    Ok(())
}
