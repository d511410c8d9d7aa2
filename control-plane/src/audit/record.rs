use contract::LinkId;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::entry::{BEGINNING, Entry, Hash};
use super::{Cause, LinkState};
use crate::db::LinkRow;
use crate::error::{Error, Result};

/// Something that was done.
#[derive(Debug)]
pub struct Event<'a> {
    /// Who: `usr_…`, `key_…`, or a part of the system.
    pub actor: &'a str,
    /// What, such as `link.updated`.
    pub action: &'a str,
    /// To what, such as `lnk_…`.
    pub subject: String,
    /// JSON: what it is like since. Without secrets.
    pub state: String,
}

/// Says of links of one workspace what was done to them.
pub async fn record_links(
    connection: &mut PgConnection,
    links: &[LinkRow],
    cause: &Cause<'_>,
) -> Result<()> {
    let Some(first) = links.first() else {
        return Ok(());
    };
    let event = |link: &LinkRow| {
        let state = serde_json::to_string(&LinkState::of(link)).map_err(Error::internal)?;
        Ok(Event {
            actor: cause.actor,
            action: cause.action.as_str(),
            subject: LinkId(link.id).to_string(),
            state,
        })
    };
    let events = links.iter().map(event).collect::<Result<Vec<_>>>()?;
    record(connection, first.workspace_id, &events, cause.at).await
}

/// Adds to the log of a workspace, in the transaction of what was done. Until its end, nobody else
/// adds to that log.
pub async fn record(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    events: &[Event<'_>],
    now: OffsetDateTime,
) -> Result<()> {
    let head = sqlx::query!(
        r#"insert into audit_heads as head (workspace_id, number, hash) values ($1, 0, $2)
           on conflict (workspace_id) do update set number = head.number
           returning number, hash"#,
        workspace_id,
        BEGINNING.as_slice(),
    )
    .fetch_one(&mut *connection)
    .await?;
    let mut before: Hash = head.hash.try_into().map_err(|_| unreadable())?;
    let mut numbers = Vec::with_capacity(events.len());
    let mut hashes = Vec::with_capacity(events.len());
    for (number, event) in (head.number + 1..).zip(events) {
        let entry = Entry {
            workspace_id,
            number,
            at: now,
            actor: event.actor,
            action: event.action,
            subject: &event.subject,
            state: &event.state,
        };
        before = entry.hash(&before);
        numbers.push(number);
        hashes.push(before.to_vec());
    }
    let column = |text: fn(&Event<'_>) -> String| events.iter().map(text).collect::<Vec<_>>();
    sqlx::query!(
        "with written as (
             insert into audit_log (workspace_id, number, at, actor, action, subject, state, hash)
             select $1, number, $2, actor, action, subject, state, hash
             from unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[])
                 as entry (number, actor, action, subject, state, hash)
         )
         update audit_heads set number = $9, hash = $10 where workspace_id = $1",
        workspace_id,
        now,
        &numbers,
        &column(|event| event.actor.to_owned()),
        &column(|event| event.action.to_owned()),
        &column(|event| event.subject.clone()),
        &column(|event| event.state.clone()),
        &hashes,
        numbers.last().copied().unwrap_or(head.number),
        before.as_slice(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn unreadable() -> Error {
    Error::internal("audit_heads.hash is not in its form")
}
