use axum::extract::State;
use axum::http::StatusCode;

use crate::auth::Caller;
use crate::auth::id::ApiKeyId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;

/// Revoke an API key
///
/// It ends at once, for good.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", tag = "keys",
    params(("id" = String, Path, description = "`key_…`")),
    responses(
        (status = 204, description = "Revoked"),
        (status = 404, description = "`not_found`", body = Problem),
    ))]
pub async fn revoke_api_key(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(ApiKeyId(id)): IdPath<ApiKeyId>,
) -> Result<StatusCode> {
    let workspace_id = Some(caller.workspace_id);
    match db::revoke_api_key(&state.pool, workspace_id, id, state.now()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Error::NotFound("key")),
    }
}
