use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{NewWebhook, Webhook, fields};
use crate::auth::Caller;
use crate::auth::id::WebhookId;
use crate::db::{self, WebhookRow};
use crate::error::{Error, Result};
use crate::json::JsonFields;
use crate::once::Once;
use crate::problem::Problem;
use crate::state::AppState;
use crate::webhooks::{AuditedWebhook, Event, Secret};

/// Webhooks of a workspace. A list shows them all.
const MOST: i64 = 50;

/// A webhook to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhook {
    /// Where messages are sent: http or https, in the public internet.
    #[schema(example = "https://example.com/hooks/links", max_length = 2048)]
    url: String,
    /// What it is told of.
    #[schema(min_items = 1)]
    events: Vec<Event>,
    /// Numbers of clicks of a link to be told of, at most 20.
    #[serde(default)]
    #[schema(max_items = 20, example = json!([100, 1000]))]
    click_thresholds: Vec<i64>,
}

/// Make a webhook
///
/// Messages follow the Standard Webhooks specification: `webhook-id`, `webhook-timestamp` and
/// `webhook-signature`, made with the secret of the answer. A message is sent until it is answered
/// with 2xx: nine times in about 28 hours. The same message has the same `webhook-id`.
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "webhooks", request_body = CreateWebhook,
    responses(
        (status = 201, description = "Made", body = NewWebhook,
            headers(("Location" = String, description = "Address of the webhook in this API"))),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 409, description = "`conflict`: there are too many", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn create_webhook(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    JsonFields(fields): JsonFields<CreateWebhook>,
) -> Result<impl IntoResponse> {
    let (body, mut check) = fields.check(&state);
    let url = check.url("url", &body.url);
    let events = fields::events(body.events, &mut check);
    let click_thresholds = fields::thresholds(body.click_thresholds, &mut check);
    check.finish()?;
    let now = state.now();
    let row = WebhookRow {
        id: Uuid::now_v7(),
        url: url.ok_or_else(|| Error::internal("an address got lost"))?,
        events,
        click_thresholds,
        is_enabled: true,
        created_at: now,
        updated_at: now,
        missed: 0,
        missed_at: None,
    };
    let secret = Secret::generate();
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn({
        let (row, secret) = (row.clone(), secret.clone());
        async move { insert(&state, &caller, &row, &secret, &once).await }
    });
    task.await.map_err(Error::internal)??;
    let location = AppendHeaders([(LOCATION, Webhook::location(&row))]);
    let made = NewWebhook::new(row.try_into()?, &secret);
    Ok((StatusCode::CREATED, location, Json(made)))
}

async fn insert(
    state: &AppState,
    caller: &Caller,
    row: &WebhookRow,
    secret: &Secret,
    once: &Once,
) -> Result<()> {
    let workspace_id = caller.workspace_id;
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    if db::count_webhooks(&mut transaction, workspace_id).await? >= MOST {
        return Err(Error::Conflict("a workspace has at most 50 webhooks"));
    }
    let secret = secret.as_bytes();
    db::insert_webhook(&mut transaction, workspace_id, row, secret).await?;
    db::pass_over_thresholds(&mut transaction, row.id).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "webhook.created", row.created_at);
    let made = AuditedWebhook::try_from(row)?;
    deed.record(&mut transaction, WebhookId(row.id), &made)
        .await?;
    NewWebhook::keep(row, once, &mut transaction).await?;
    db::commit(transaction).await?;
    Ok(())
}
