use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiKey;
use crate::auth::Caller;
use crate::db;
use crate::error::Result;
use crate::state::AppState;

/// All keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyList {
    /// Newest first.
    data: Vec<ApiKey>,
}

/// List API keys
///
/// All that were not revoked, also those that have expired.
#[utoipa::path(get, path = "/api/v1/keys", tag = "keys",
    responses((status = 200, description = "All keys", body = ApiKeyList)))]
pub async fn list_api_keys(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<ApiKeyList>> {
    let rows = db::list_api_keys(&state.pool, caller.workspace_id).await?;
    let data = rows.into_iter().map(ApiKey::try_from);
    Ok(Json(ApiKeyList {
        data: data.collect::<Result<_>>()?,
    }))
}
