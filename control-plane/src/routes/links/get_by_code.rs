use axum::extract::{Path, State};
use contract::{Code, Domain};

use super::Link;
use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::state::AppState;
use crate::versions::Versioned;

/// Read a link by domain and code
///
/// Also one from the bin. The code is taken as visitors' are: in any case, if the domain ignores
/// that.
#[utoipa::path(get, path = "/api/v1/links/by-code/{domain}/{code}", tag = "links",
    params(
        ("domain" = String, Path, description = "Host"),
        ("code" = String, Path, description = "Its short part"),
    ),
    responses(
        (status = 200, description = "The link", body = Link),
        (status = 304, description = "Not changed"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn get_link_by_code(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
) -> Result<Versioned<Link>> {
    let absent = || Error::NotFound("link");
    let Path((domain, code)) = path.map_err(|_| absent())?;
    let domain: Domain = domain.parse().map_err(|_| absent())?;
    let code: Code = code.parse().map_err(|_| absent())?;
    let row = db::find_link_as_asked(&state.pool, &domain, &code).await?;
    let row = row.filter(|row| {
        row.workspace_id == caller.workspace_id && caller.sees(&row.domain, &row.tags)
    });
    let row = row.ok_or_else(absent)?;
    let link = Link::load_one(&state, row).await?;
    Ok(Versioned(link.revision(), link))
}
