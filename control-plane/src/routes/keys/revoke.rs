use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

use super::ApiKey;
use crate::auth::Caller;
use crate::auth::id::ApiKeyId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::routes::invitations::withdraw_made_by;
use crate::state::AppState;

/// Revoke an API key
///
/// It ends at once, for good, and so do invitations that it made.
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
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { revoke(&state, &caller, id).await });
    task.await.map_err(Error::internal)??;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke(state: &AppState, caller: &Caller, id: Uuid) -> Result<()> {
    let (now, workspace_id) = (state.now(), caller.workspace_id);
    let mut transaction = db::begin(&state.pool).await?;
    let key = db::lock_api_key(&mut transaction, workspace_id, id).await?;
    let key: ApiKey = key.ok_or(Error::NotFound("key"))?.try_into()?;
    db::revoke_api_key(&mut transaction, id, now).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "key.revoked", now);
    withdraw_made_by(&mut transaction, &deed, &ApiKeyId(id).to_string(), None).await?;
    deed.record(&mut transaction, ApiKeyId(id), &key).await?;
    db::commit(transaction).await?;
    Ok(())
}
