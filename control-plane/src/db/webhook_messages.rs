//! Messages to receivers, and what became of them.

use sqlx::{PgConnection, PgPool};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::Result;

/// How long messages can be looked at and sent again.
pub(super) const KEPT: Duration = Duration::days(30);

/// A message to send.
#[derive(Debug)]
pub struct NewMessage {
    /// Identity, also for the receiver.
    pub id: Uuid,
    /// To whom.
    pub webhook_id: Uuid,
    /// Of what.
    pub event: &'static str,
    /// JSON.
    pub body: String,
    /// When it was written down.
    pub created_at: OffsetDateTime,
}

/// A message that is to be sent now.
#[derive(Debug)]
pub struct DueMessage {
    /// Identity.
    pub id: Uuid,
    /// To whom.
    pub webhook_id: Uuid,
    /// JSON.
    pub body: String,
    /// Attempts, this one included.
    pub attempts: i32,
    /// Where to.
    pub url: String,
    /// What to sign it with.
    pub secret: Vec<u8>,
    /// What to sign it with, too, while the receiver changes to the new one.
    pub old_secret: Option<Vec<u8>>,
}

/// What became of an attempt.
#[derive(Debug)]
pub struct Outcome {
    /// `pending`, `delivered` or `failed`.
    pub state: &'static str,
    /// When the next one is due, while it is pending.
    pub next_attempt_at: OffsetDateTime,
    /// When it was made.
    pub at: OffsetDateTime,
    /// What the receiver answered.
    pub status: Option<i16>,
    /// Why it did not.
    pub error: Option<String>,
}

/// A message as its sender sees it.
#[derive(Debug)]
pub struct MessageRow {
    /// Identity.
    pub id: Uuid,
    /// Of what.
    pub event: String,
    /// JSON.
    pub body: String,
    /// `pending`, `delivered` or `failed`.
    pub state: String,
    /// Attempts so far.
    pub attempts: i32,
    /// When the next one is due, while it is pending.
    pub next_attempt_at: OffsetDateTime,
    /// When the last one was made.
    pub last_attempt_at: Option<OffsetDateTime>,
    /// What the receiver answered.
    pub last_status: Option<i16>,
    /// Why it did not.
    pub last_error: Option<String>,
    /// When it was written down.
    pub created_at: OffsetDateTime,
}

/// Writes messages down; they are due at once.
pub async fn insert_messages(connection: &mut PgConnection, messages: &[NewMessage]) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = messages.iter().map(|message| message.id).collect();
    let webhooks: Vec<Uuid> = messages.iter().map(|message| message.webhook_id).collect();
    let events: Vec<String> = messages
        .iter()
        .map(|message| message.event.into())
        .collect();
    let bodies: Vec<String> = messages
        .iter()
        .map(|message| message.body.clone())
        .collect();
    let times: Vec<OffsetDateTime> = messages.iter().map(|message| message.created_at).collect();
    sqlx::query!(
        "insert into webhook_messages (id, webhook_id, event, body, next_attempt_at, created_at)
         select id, webhook_id, event, body, at, at
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
              as message (id, webhook_id, event, body, at)",
        &ids,
        &webhooks,
        &events,
        &bodies,
        &times,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Messages that may wait for each of these receivers besides those that do, of `most`.
pub async fn room_for_messages(
    connection: &mut PgConnection,
    webhooks: &[Uuid],
    most: i64,
) -> Result<Vec<(Uuid, i64)>> {
    let rooms = sqlx::query!(
        r#"select webhook.id as "id!", $2 - (
               select count(*) from (
                   select from webhook_messages
                   where webhook_id = webhook.id and state = 'pending'
                   limit $2
               ) as pending
           ) as "room!"
           from unnest($1::uuid[]) as webhook (id)"#,
        webhooks,
        most,
    )
    .fetch_all(connection)
    .await?;
    Ok(rooms.into_iter().map(|row| (row.id, row.room)).collect())
}

/// Messages that a process is sending.
#[derive(Debug)]
pub struct UnderWay {
    /// To whom.
    pub webhooks: Vec<Uuid>,
    /// How many to each.
    pub messages: Vec<i64>,
}

/// Takes messages that are due, `limit` at most, and counts the attempt. Until `lease_until` nobody
/// else does; if this process dies meanwhile, somebody does then.
///
/// The first message of each receiver comes before the second one of any, those that are `under_way`
/// included, and no receiver has more than `of_each`: so one that is slow, or has much to be told,
/// keeps no other one waiting. Receivers are found by stepping from one to the next in the index, so
/// what waits for one of them costs nothing for the others.
pub async fn take_due_messages(
    pool: &PgPool,
    under_way: &UnderWay,
    (now, lease_until): (OffsetDateTime, OffsetDateTime),
    (of_each, limit): (i64, i64),
) -> Result<Vec<DueMessage>> {
    let messages = sqlx::query_as!(
        DueMessage,
        "with recursive waiting as (
             (select webhook_id from webhook_messages where state = 'pending'
              order by webhook_id limit 1)
             union all
             select (
                 select m.webhook_id from webhook_messages m
                 where m.state = 'pending' and m.webhook_id > waiting.webhook_id
                 order by m.webhook_id limit 1
             )
             from waiting where waiting.webhook_id is not null
         ), due as (
             select message.id
             from waiting
             join webhooks w on w.id = waiting.webhook_id and w.is_enabled
             left join unnest($3::uuid[], $4::bigint[]) as busy (webhook_id, messages)
               on busy.webhook_id = w.id
             cross join lateral (
                 select m.id, m.next_attempt_at,
                        row_number() over (order by m.next_attempt_at, m.id)
                            + coalesce(busy.messages, 0) as place
                 from webhook_messages m
                 where m.webhook_id = w.id and m.state = 'pending' and m.next_attempt_at <= $1
                 order by m.next_attempt_at, m.id
                 limit greatest($5 - coalesce(busy.messages, 0), 0)
             ) as message
             order by message.place, message.next_attempt_at, message.id
             limit $6
         ), taken as (
             select id from webhook_messages
             where id in (select id from due) and state = 'pending' and next_attempt_at <= $1
             for update skip locked
         )
         update webhook_messages m
         set next_attempt_at = $2, attempts = attempts + 1
         from taken, webhooks w
         where m.id = taken.id and w.id = m.webhook_id
         returning m.id, m.webhook_id, m.body, m.attempts, w.url, w.secret,
                   case when w.old_secret_until > $1 then w.old_secret end as old_secret",
        now,
        lease_until,
        &under_way.webhooks,
        &under_way.messages,
        of_each,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(messages)
}

/// Notes what became of an attempt, unless there was another one since.
pub async fn note_attempt(pool: &PgPool, id: Uuid, attempt: i32, outcome: &Outcome) -> Result<()> {
    sqlx::query!(
        "update webhook_messages
         set state = $3, next_attempt_at = $4, last_attempt_at = $5, last_status = $6,
             last_error = $7
         where id = $1 and attempts = $2",
        id,
        attempt,
        outcome.state,
        outcome.next_attempt_at,
        outcome.at,
        outcome.status,
        outcome.error,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A page of a receiver's messages, newest first.
pub async fn list_messages(
    pool: &PgPool,
    webhook_id: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<MessageRow>> {
    let messages = sqlx::query_as!(
        MessageRow,
        "select id, event, body, state, attempts, next_attempt_at, last_attempt_at, last_status,
                last_error, created_at
         from webhook_messages
         where webhook_id = $1 and ($2::uuid is null or id < $2)
         order by id desc
         limit $3",
        webhook_id,
        before,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(messages)
}

/// Sends a message again, now, as if for the first time; `None` when there is none.
pub async fn replay_message(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    webhook_id: Uuid,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<MessageRow>> {
    let message = sqlx::query_as!(
        MessageRow,
        "update webhook_messages m
         set state = 'pending', attempts = 0, next_attempt_at = $4
         from webhooks w
         where w.id = m.webhook_id and w.workspace_id = $1 and w.id = $2 and m.id = $3
         returning m.id, m.event, m.body, m.state, m.attempts, m.next_attempt_at,
                   m.last_attempt_at, m.last_status, m.last_error, m.created_at",
        workspace_id,
        webhook_id,
        id,
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(message)
}
