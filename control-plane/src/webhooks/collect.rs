//! From what happened to messages: changes in the order of the log, links whose time is over,
//! and numbers of clicks.

use std::collections::{BTreeMap, BTreeSet};

use contract::LinkRecord;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Event;
use crate::db::{self, NewMessage};
use crate::error::Result;
use crate::state::AppState;

/// Changes, or links, that are read in one transaction. Each may be told to 50 receivers of its workspace.
const BATCH: i64 = 500;

/// Messages that wait for one receiver: five bulk requests of ten thousand links each. A receiver that
/// has fallen back so far has more use for an export than for all that happened meanwhile.
const MAX_WAITING: i64 = 50_000;

/// Links that were not clicked for longer have told what they have reached.
const CLICKED_WITHIN: time::Duration = time::Duration::days(1);

/// How far the note of how far it was done may fall behind while nothing happens.
const LOOKED_AGAIN: time::Duration = time::Duration::seconds(10);

/// Writes down which changes are to be told, and which links' time is over, once for all control planes.
/// True if there may be more.
pub(super) async fn collect(state: &AppState) -> Result<bool> {
    let now = state.now();
    let mut transaction = db::begin(&state.pool).await?;
    let Some(progress) = db::lock_progress(&mut transaction).await? else {
        // Another control plane is at it.
        return Ok(false);
    };
    let changes = db::changes_to_tell(&mut transaction, progress.seq, BATCH).await?;
    let since = (
        progress.expired_until.unwrap_or(now),
        progress.expired_link.unwrap_or(Uuid::max()),
    );
    let end = db::end_of_expiries(&mut transaction, since, now, BATCH).await?;
    let until = end.unwrap_or((now.max(since.0), Uuid::max()));
    let expired = db::expired_links_to_tell(&mut transaction, since, until).await?;
    let mut messages = Vec::new();
    for row in changes.tellings.iter().chain(&expired) {
        let record = LinkRecord::decode(row.record.as_bytes());
        let Ok(record) = record else {
            // Of a newer release, whose control plane may be gone again.
            tracing::warn!(link.id = %row.link_id, "a change is not told: it cannot be read");
            continue;
        };
        let event = Event::parse(&row.event)?;
        let about = (&record, None);
        messages.push(message(state, row.webhook_id, event, about, row.at)?);
    }
    let has_messages = !messages.is_empty();
    write(&mut transaction, messages, now).await?;
    let is_old = progress
        .expired_until
        .is_none_or(|until| until + LOOKED_AGAIN < now);
    let has_more = changes.seq > progress.seq || end.is_some();
    if has_more || has_messages || is_old {
        let done = db::Progress {
            seq: changes.seq,
            expired_until: Some(until.0),
            expired_link: end.map(|(_, link_id)| link_id),
        };
        db::set_progress(&mut transaction, &done).await?;
    }
    db::commit(transaction).await?;
    Ok(has_more)
}

/// The same of numbers of clicks that links have reached. On its own: one workspace may have so many that
/// it takes too long, which must not hold up the rest.
pub(super) async fn collect_clicks(state: &AppState) -> Result<bool> {
    let now = state.now();
    let mut transaction = db::begin(&state.pool).await?;
    if db::lock_progress(&mut transaction).await?.is_none() {
        return Ok(false);
    }
    let reached = db::clicks_to_tell(&mut transaction, now - CLICKED_WITHIN, BATCH).await?;
    let mut messages = Vec::new();
    for row in &reached {
        let record = LinkRecord::decode(row.record.as_bytes());
        if let Ok(record) = record {
            let about = (&record, Some(row.threshold));
            let event = Event::ClicksReached;
            messages.push(message(state, row.webhook_id, event, about, row.at)?);
        }
    }
    write(&mut transaction, messages, now).await?;
    db::commit(transaction).await?;
    Ok(reached.len() as i64 == BATCH)
}

async fn write(
    connection: &mut PgConnection,
    messages: Vec<NewMessage>,
    now: OffsetDateTime,
) -> Result<()> {
    let messages = with_room(connection, messages, now).await?;
    db::insert_messages(connection, &messages).await
}

/// Those that may wait for their receivers. What is beyond is missed: the webhook counts it.
async fn with_room(
    connection: &mut PgConnection,
    messages: Vec<NewMessage>,
    now: OffsetDateTime,
) -> Result<Vec<NewMessage>> {
    let webhooks: BTreeSet<Uuid> = messages.iter().map(|message| message.webhook_id).collect();
    if webhooks.is_empty() {
        return Ok(messages);
    }
    let webhooks = Vec::from_iter(webhooks);
    let rooms = db::room_for_messages(connection, &webhooks, MAX_WAITING).await?;
    let mut rooms = BTreeMap::from_iter(rooms);
    let mut missed: BTreeMap<Uuid, i64> = BTreeMap::new();
    let mut kept = Vec::with_capacity(messages.len());
    for message in messages {
        match rooms.get_mut(&message.webhook_id) {
            Some(room) if *room > 0 => {
                *room -= 1;
                kept.push(message);
            }
            _ => *missed.entry(message.webhook_id).or_default() += 1,
        }
    }
    if !missed.is_empty() {
        let (ids, counts): (Vec<Uuid>, Vec<i64>) = missed.into_iter().unzip();
        tracing::warn!(
            webhooks = ids.len(),
            "receivers miss messages: too many wait"
        );
        db::note_missed(connection, &ids, &counts, now).await?;
    }
    Ok(kept)
}

fn message(
    state: &AppState,
    webhook_id: Uuid,
    event: Event,
    (record, threshold): (&LinkRecord, Option<i64>),
    at: OffsetDateTime,
) -> Result<NewMessage> {
    Ok(NewMessage {
        id: Uuid::now_v7(),
        webhook_id,
        event: event.as_str(),
        body: event.message(record, at, &state.config.public_url, threshold)?,
        created_at: state.now(),
    })
}
