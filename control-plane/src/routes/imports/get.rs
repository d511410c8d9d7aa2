use axum::Json;
use axum::extract::{Path, State};

use super::Import;
use super::view::ImportId;
use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::state::AppState;

/// Read how far an import has got
#[utoipa::path(get, path = "/api/v1/imports/{id}", tag = "imports",
    params(("id" = String, Path, description = "`imp_…`")),
    responses(
        (status = 200, description = "The import", body = Import),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn get_import(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Json<Import>> {
    let absent = || Error::NotFound("import");
    let Path(id) = path.map_err(|_| absent())?;
    let id: ImportId = id.parse().map_err(|_| absent())?;
    let row = db::find_import(&state.pool, caller.workspace_id, id.0).await?;
    Ok(Json(row.ok_or_else(absent)?.into()))
}
