use axum::extract::State;
use axum::http::StatusCode;

use crate::auth::Caller;
use crate::auth::id::WebhookId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;

/// Remove a webhook
///
/// With its messages; those on their way are not sent.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "`whk_…`")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "`not_found`", body = Problem),
    ))]
pub async fn remove_webhook(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(WebhookId(id)): IdPath<WebhookId>,
) -> Result<StatusCode> {
    match db::delete_webhook(&state.pool, caller.workspace_id, id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Error::NotFound("webhook")),
    }
}
