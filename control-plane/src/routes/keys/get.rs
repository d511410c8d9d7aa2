use axum::Json;
use axum::extract::State;

use super::ApiKey;
use crate::auth::Caller;
use crate::auth::id::ApiKeyId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;

/// Read an API key
#[utoipa::path(get, path = "/api/v1/keys/{id}", tag = "keys",
    params(("id" = String, Path, description = "`key_…`")),
    responses(
        (status = 200, description = "The key, without its text", body = ApiKey),
        (status = 404, description = "`not_found`", body = Problem),
    ))]
pub async fn get_api_key(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(ApiKeyId(id)): IdPath<ApiKeyId>,
) -> Result<Json<ApiKey>> {
    let row = db::find_key(&state.pool, caller.workspace_id, id).await?;
    let row = row.ok_or(Error::NotFound("key"))?;
    Ok(Json(row.try_into()?))
}
