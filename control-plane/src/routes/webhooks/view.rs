use axum::http::StatusCode;
use serde::Serialize;
use sqlx::PgConnection;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::auth::id::WebhookId;
use crate::db::WebhookRow;
use crate::error::Result;
use crate::once::Once;
use crate::webhooks::{Event, Secret};

/// A program that is told of links.
#[derive(Debug, Serialize, ToSchema)]
pub struct Webhook {
    #[schema(value_type = String, example = "whk_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: WebhookId,
    /// Where messages are sent.
    #[schema(example = "https://example.com/hooks/links")]
    url: String,
    /// What it is told of.
    events: Vec<Event>,
    /// Numbers of clicks of a link to be told of, with `link.clicks_reached`.
    click_thresholds: Vec<i64>,
    /// False: it is told nothing, and what is on its way waits.
    enabled: bool,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    /// Messages that were never written down, since 50,000 were waiting for the receiver. What it knows
    /// has gaps from then on: an export tells what is.
    missed_messages: i64,
    /// When that happened last.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    missed_at: Option<OffsetDateTime>,
}

/// A webhook that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewWebhook {
    #[serde(flatten)]
    webhook: Webhook,
    /// What messages are signed with. It is shown this once. Null where an answer is repeated for an
    /// `Idempotency-Key`.
    #[schema(required, example = "whsec_…")]
    secret: Option<String>,
}

impl NewWebhook {
    pub(super) fn new(webhook: Webhook, secret: &Secret) -> Self {
        let secret = Some(secret.expose());
        Self { webhook, secret }
    }

    /// As it is answered to a request that comes again.
    pub(super) fn without_secret(row: &WebhookRow) -> Result<Self> {
        Ok(Self {
            webhook: row.clone().try_into()?,
            secret: None,
        })
    }

    /// Keeps the answer, without the secret, for a request that comes again.
    pub(super) async fn keep(
        row: &WebhookRow,
        once: &Once,
        connection: &mut PgConnection,
    ) -> Result<()> {
        let body = Self::without_secret(row)?;
        let location = Webhook::location(row);
        once.keep(connection, StatusCode::CREATED, Some(&location), &body)
            .await
    }
}

impl Webhook {
    /// Address in this API.
    pub(super) fn location(row: &WebhookRow) -> String {
        format!("/api/v1/webhooks/{}", WebhookId(row.id))
    }
}

impl TryFrom<WebhookRow> for Webhook {
    type Error = crate::Error;

    fn try_from(row: WebhookRow) -> Result<Self> {
        let events = row.events.iter().map(|text| Event::parse(text));
        Ok(Self {
            id: WebhookId(row.id),
            url: row.url,
            events: events.collect::<Result<_>>()?,
            click_thresholds: row.click_thresholds,
            enabled: row.is_enabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
            missed_messages: row.missed,
            missed_at: row.missed_at,
        })
    }
}
