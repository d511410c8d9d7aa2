use axum::extract::State;

use super::Webhook;
use crate::auth::Caller;
use crate::auth::id::WebhookId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;
use crate::versions::Versioned;

/// Read a webhook
#[utoipa::path(get, path = "/api/v1/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "`whk_…`")),
    responses(
        (status = 200, description = "The webhook, without its secret", body = Webhook),
        (status = 304, description = "Not changed"),
        (status = 404, description = "`not_found`", body = Problem),
    ))]
pub async fn get_webhook(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(WebhookId(id)): IdPath<WebhookId>,
) -> Result<Versioned<Webhook>> {
    let row = db::find_webhook(&state.pool, caller.workspace_id, id).await?;
    let row = row.ok_or(Error::NotFound("webhook"))?;
    Ok(Versioned(row.revision()?, row.try_into()?))
}
