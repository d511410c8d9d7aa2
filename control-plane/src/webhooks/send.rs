//! Sending what is due.

use futures_util::future::join_all;
use reqwest::StatusCode;
use time::{Duration, OffsetDateTime};
use url::Url;
use uuid::Uuid;

use super::{AuditedWebhook, Secret, sign};
use crate::audit::Deed;
use crate::auth::id::{MessageId, WebhookId};
use crate::db::{self, DueMessage, Outcome};
use crate::error::{Error, Result};
use crate::state::AppState;

/// Messages that are sent at the same time by one process.
const AT_A_TIME: i64 = 16;

/// While a message is being sent, nobody else sends it. Longer than any receiver may take.
const LEASE: Duration = Duration::seconds(60);

/// How long after each attempt the next one comes: nine in about 28 hours. From the Standard
/// Webhooks specification.
const WAITS: [Duration; 8] = [
    Duration::seconds(5),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(5),
    Duration::hours(10),
    Duration::hours(10),
    Duration::hours(10),
];

/// Longest reason that is kept. Characters.
const LONGEST_REASON: usize = 200;

/// Sends what is due. True if there may be more.
pub(super) async fn send(state: &AppState) -> Result<bool> {
    let now = state.now();
    let due = db::take_due_messages(&state.pool, now, now + LEASE, AT_A_TIME).await?;
    let is_full = due.len() as i64 == AT_A_TIME;
    let sent = due.into_iter().map(|message| attempt(state, message));
    for result in join_all(sent).await {
        result?;
    }
    Ok(is_full)
}

async fn attempt(state: &AppState, message: DueMessage) -> Result<()> {
    let now = state.now();
    let answer = deliver(state, &message, now).await;
    let (status, error) = match answer {
        Ok(status) => (Some(status.as_u16() as i16), None),
        Err(reason) => (None, Some(reason)),
    };
    let is_taken = status.is_some_and(|status| (200..300).contains(&status));
    // Attempts count from the moment at which the message was taken.
    let wait = usize::try_from(message.attempts - 1).ok();
    let wait = wait.and_then(|made| WAITS.get(made));
    let outcome = Outcome {
        state: match (is_taken, wait) {
            (true, _) => "delivered",
            (false, Some(_)) => "pending",
            (false, None) => "failed",
        },
        next_attempt_at: now + wait.copied().unwrap_or(Duration::ZERO),
        at: now,
        status,
        error: error.map(|reason| reason.chars().take(LONGEST_REASON).collect()),
    };
    db::note_attempt(&state.pool, message.id, message.attempts, &outcome).await?;
    // The receiver says that it is no longer there.
    if status == Some(StatusCode::GONE.as_u16() as i16) {
        switch_off(state, message.webhook_id, now).await?;
    }
    let result = outcome.state;
    metrics::counter!("linkpulse_webhook_attempts_total", "result" => result).increment(1);
    Ok(())
}

async fn switch_off(state: &AppState, id: Uuid, now: OffsetDateTime) -> Result<()> {
    let mut transaction = db::begin(&state.pool).await?;
    if let Some((workspace_id, row)) = db::disable_webhook(&mut transaction, id, now).await? {
        let deed = Deed {
            workspace_id,
            actor: "webhooks",
            action: "webhook.updated",
            at: now,
        };
        let row = AuditedWebhook::try_from(&row)?;
        deed.record(&mut transaction, WebhookId(id), &row).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The status of the answer, whose body nobody reads; or why there is none.
async fn deliver(
    state: &AppState,
    message: &DueMessage,
    now: OffsetDateTime,
) -> Result<StatusCode, String> {
    let internal = |error: Error| error.to_string();
    let url = Url::parse(&message.url).map_err(|error| error.to_string())?;
    let id = MessageId(message.id).to_string();
    let seconds = now.unix_timestamp();
    let signature = signatures(message, &id, seconds).map_err(internal)?;
    let request = state
        .outbound
        .post(&url)
        .map_err(|error| error.to_string())?;
    let request = request
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", signature)
        .body(message.body.clone());
    match request.send().await {
        Ok(response) => Ok(response.status()),
        Err(error) => Err(innermost(&error)),
    }
}

/// One, or two while a secret is being rotated, the new one first.
fn signatures(message: &DueMessage, id: &str, seconds: i64) -> Result<String> {
    let secrets = [Some(&message.secret), message.old_secret.as_ref()];
    let signatures = secrets.into_iter().flatten().map(|secret| {
        let secret = Secret::from_bytes(secret)?;
        sign(&secret, id, seconds, &message.body)
    });
    Ok(signatures.collect::<Result<Vec<_>>>()?.join(" "))
}

/// The cause that says most. The outer ones repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match error.is_timeout() {
        true => "no answer in time".into(),
        false => cause.to_string(),
    }
}
