use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Webhook;
use crate::auth::Caller;
use crate::db;
use crate::error::Result;
use crate::state::AppState;

/// All webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookList {
    /// Newest first.
    data: Vec<Webhook>,
}

/// List webhooks
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "webhooks",
    responses((status = 200, description = "All webhooks", body = WebhookList)))]
pub async fn list_webhooks(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<WebhookList>> {
    let rows = db::list_webhooks(&state.pool, caller.workspace_id).await?;
    let data = rows.into_iter().map(Webhook::try_from);
    Ok(Json(WebhookList {
        data: data.collect::<Result<_>>()?,
    }))
}
