use axum::extract::State;

use super::Link;
use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::LinkPath;
use crate::state::AppState;
use crate::versions::Versioned;

/// Read a link
///
/// Also one from the bin: its `status` is `deleted`.
#[utoipa::path(get, path = "/api/v1/links/{id}", tag = "links",
    params(("id" = String, Path, description = "`lnk_…`")),
    responses(
        (status = 200, description = "The link", body = Link),
        (status = 304, description = "Not changed"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn get_link(
    State(state): State<AppState>,
    caller: Caller,
    LinkPath(id): LinkPath,
) -> Result<Versioned<Link>> {
    let row = db::find_link(&state.pool, caller.workspace_id, id).await?;
    let row = row.ok_or(Error::NotFound("link"))?;
    let link = Link::load_one(&state, row).await?;
    Ok(Versioned(link.revision(), link))
}
