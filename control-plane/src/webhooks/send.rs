//! Sending what is due.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use time::{Duration, OffsetDateTime};
use tokio::task::{JoinError, JoinSet};
use url::Url;
use uuid::Uuid;

use super::{AuditedWebhook, Secret, sign};
use crate::audit::Deed;
use crate::auth::id::{MessageId, WebhookId};
use crate::db::{self, DueMessage, Outcome, UnderWay};
use crate::error::{Error, Result};
use crate::state::AppState;

/// How often there is a look at what is due.
const INTERVAL: std::time::Duration = std::time::Duration::from_millis(500);

/// Messages that are sent at the same time by one process. Receivers that take ten seconds each leave
/// room for 12 messages a second.
const AT_A_TIME: i64 = 128;

/// Of these, to one receiver: as many as programs take without trouble. One that answers in 100 ms gets
/// some thirty a second.
const OF_EACH: i64 = 4;

/// What ends within this time is followed by the next messages together.
const GATHERED: std::time::Duration = std::time::Duration::from_millis(20);

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

/// Sends what is due, until it is stopped; then what is under way comes to its end.
pub(super) async fn send(state: &AppState, stopping: impl Future<Output = ()>) {
    tokio::pin!(stopping);
    let mut under_way = JoinSet::new();
    let mut receivers: BTreeMap<Uuid, i64> = BTreeMap::new();
    loop {
        let begun = begin(state, &mut under_way, &mut receivers).await;
        if let Err(error) = begun {
            tracing::warn!(%error, "messages to webhooks wait");
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = &mut stopping => break,
            Some(ended) = under_way.join_next() => {
                end(ended, &mut receivers);
                // Others that end at the same time: the database is asked for all of them together.
                tokio::time::sleep(GATHERED).await;
                while let Some(ended) = under_way.try_join_next() {
                    end(ended, &mut receivers);
                }
            }
        }
    }
    while under_way.join_next().await.is_some() {}
}

/// Begins to send as much as there is room for.
async fn begin(
    state: &AppState,
    under_way: &mut JoinSet<Uuid>,
    receivers: &mut BTreeMap<Uuid, i64>,
) -> Result<()> {
    let room = AT_A_TIME - under_way.len() as i64;
    if room == 0 {
        return Ok(());
    }
    let now = state.now();
    let busy = UnderWay {
        webhooks: receivers.keys().copied().collect(),
        messages: receivers.values().copied().collect(),
    };
    let (times, limits) = ((now, now + LEASE), (OF_EACH, room));
    for message in db::take_due_messages(&state.pool, &busy, times, limits).await? {
        let (state, webhook_id) = (state.clone(), message.webhook_id);
        *receivers.entry(webhook_id).or_default() += 1;
        under_way.spawn(async move {
            if let Err(error) = attempt(&state, message).await {
                tracing::warn!(%error, "what became of a message is not noted");
            }
            webhook_id
        });
    }
    Ok(())
}

/// A receiver has one message less under way.
fn end(ended: Result<Uuid, JoinError>, receivers: &mut BTreeMap<Uuid, i64>) {
    match ended {
        Ok(webhook_id) => {
            if let Some(messages) = receivers.get_mut(&webhook_id) {
                *messages -= 1;
            }
            receivers.retain(|_, messages| *messages > 0);
        }
        // Whose it was is not known: the receiver has a little less room from then on.
        Err(error) => tracing::error!(%error, "sending a message panicked"),
    }
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
    db::commit(transaction).await?;
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
