use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Import;
use crate::auth::Caller;
use crate::db;
use crate::error::Result;
use crate::problem::Problem;
use crate::state::AppState;

/// Imports that are shown.
const SHOWN: i64 = 50;

/// The newest imports.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportList {
    /// Newest first.
    data: Vec<Import>,
}

/// List imports
///
/// The newest 50.
#[utoipa::path(get, path = "/api/v1/imports", tag = "imports",
    responses(
        (status = 200, description = "The newest imports", body = ImportList),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn list_imports(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<ImportList>> {
    let rows = db::list_imports(&state.pool, caller.workspace_id, SHOWN).await?;
    let data = rows.into_iter().map(Import::from).collect();
    Ok(Json(ImportList { data }))
}
