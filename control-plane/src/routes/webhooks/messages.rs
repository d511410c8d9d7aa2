use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::Caller;
use crate::auth::id::{MessageId, WebhookId};
use crate::db::{self, MessageRow};
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::paging::{self, Asked};
use crate::routes::{IdPath, QueryFields};
use crate::state::AppState;
use crate::webhooks::Event;

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListMessages {
    /// Messages on the page, 1 to 100; 50 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// It will be sent (again).
    Pending,
    /// It was taken.
    Delivered,
    /// It was not taken, and will not be sent again by itself.
    Failed,
}

/// A message to a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// As in `webhook-id`.
    #[schema(value_type = String, example = "msg_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: MessageId,
    event: Event,
    state: MessageState,
    /// How often it was sent since it was made, or last replayed.
    attempts: i32,
    /// When it is sent next, while it is pending.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    next_attempt_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    last_attempt_at: Option<OffsetDateTime>,
    /// The status that the receiver answered with.
    #[schema(required)]
    last_status: Option<i16>,
    /// Why there was no answer.
    #[schema(required)]
    last_error: Option<String>,
    /// What is sent.
    #[schema(value_type = Object)]
    body: serde_json::Value,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl TryFrom<MessageRow> for Message {
    type Error = crate::Error;

    fn try_from(row: MessageRow) -> Result<Self> {
        let state = match row.state.as_str() {
            "delivered" => MessageState::Delivered,
            "failed" => MessageState::Failed,
            _ => MessageState::Pending,
        };
        let is_pending = matches!(state, MessageState::Pending);
        Ok(Self {
            id: MessageId(row.id),
            event: Event::parse(&row.event)?,
            state,
            attempts: row.attempts,
            next_attempt_at: is_pending.then_some(row.next_attempt_at),
            last_attempt_at: row.last_attempt_at,
            last_status: row.last_status,
            last_error: row.last_error,
            body: serde_json::from_str(&row.body).map_err(Error::internal)?,
            created_at: row.created_at,
        })
    }
}

/// One page of messages.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageList {
    /// Newest first.
    data: Vec<Message>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List messages of a webhook
///
/// Those of the last 30 days, and what became of them.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/messages", tag = "webhooks",
    params(("id" = String, Path, description = "`whk_…`"), ListMessages),
    responses(
        (status = 200, description = "A page", body = MessageList),
        (status = 400, description = "The cursor was altered", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn list_messages(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(WebhookId(id)): IdPath<WebhookId>,
    OriginalUri(uri): OriginalUri,
    QueryFields(fields): QueryFields<ListMessages>,
) -> Result<(HeaderMap, Json<MessageList>)> {
    let webhook = db::find_webhook(&state.pool, caller.workspace_id, id).await?;
    webhook.ok_or(Error::NotFound("webhook"))?;
    let (query, mut check) = fields.check(&state);
    let limit = paging::limit(query.limit, &mut check);
    check.finish()?;
    let asked = Asked::<Uuid>::read(&id, limit, query.cursor.as_deref())?;
    let mut rows = db::list_messages(&state.pool, id, asked.after, asked.rows()).await?;
    let next_cursor = asked.cut(&mut rows, |row| row.id)?;
    let headers = paging::next_page(&uri, next_cursor.as_deref())?;
    let data = rows.into_iter().map(Message::try_from);
    let data = data.collect::<Result<_>>()?;
    Ok((headers, Json(MessageList { data, next_cursor })))
}
