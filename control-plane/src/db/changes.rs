//! The change log: one entry for each new state of a link, numbered in commit order.

use contract::Heartbeat;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

use super::LinkRow;
use super::select_link::returning_link;
use crate::audit::{self, Cause};
use crate::{Error, Result};

/// Where the log stands.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Number of the newest change; 0 when there is none.
    pub seq: i64,
    /// Which history the numbers belong to.
    pub epoch: Uuid,
    /// The database's clock.
    pub database_time: OffsetDateTime,
}

impl Head {
    /// As the feed tells it. Of Redis the database knows nothing.
    pub fn to_heartbeat(self) -> Heartbeat {
        Heartbeat {
            head_seq: self.seq as u64,
            epoch: self.epoch,
            database_time: self.database_time.into(),
            redis_runs: Vec::new(),
        }
    }
}

/// One entry.
#[derive(Debug)]
pub struct LoggedChange {
    /// Its number.
    pub seq: i64,
    /// The encoded record.
    pub record: String,
    /// Whether the log has a later state of the same link, or of the same domain.
    pub is_superseded: bool,
}

/// Logs a link's state as of this transaction, and wakes the relay at commit: [`log_changes`] of
/// one.
pub async fn log_change(
    connection: &mut PgConnection,
    link: &LinkRow,
    cause: &Cause<'_>,
) -> Result<LinkRow> {
    let logged = log_changes(connection, std::slice::from_ref(link), cause).await?;
    let link = logged.into_iter().next();
    link.ok_or_else(|| Error::internal("a change got lost while it was logged"))
}

/// Logs the state of links of one workspace as of this transaction, each under a number of its own,
/// in this order, and wakes the relay at commit. Says in the audit log who did it.
///
/// Must be the last statements before the commit: from here on, no other change of any link can
/// be committed before these. Links must have been written, and thereby locked, before.
pub async fn log_changes(
    connection: &mut PgConnection,
    links: &[LinkRow],
    cause: &Cause<'_>,
) -> Result<Vec<LinkRow>> {
    audit::record_links(connection, links, cause).await?;
    let ids: Vec<Uuid> = links.iter().map(|link| link.id).collect();
    let mut links = returning_link!(
        "with head as (
             update link_changes_head set seq = seq + cardinality($1::uuid[])
             returning seq - cardinality($1::uuid[]) as before
         )
         update links set revision = head.before + numbered.place, updated_at = $2
         from head, unnest($1::uuid[]) with ordinality as numbered (link_id, place)
         where links.id = numbered.link_id",
        &ids,
        cause.at,
    )
    .fetch_all(&mut *connection)
    .await?;
    if links.len() != ids.len() {
        // A number without a change would stop every proxy.
        return Err(Error::internal("a change of a link that is not there"));
    }
    links.sort_unstable_by_key(|link| link.revision);
    put_changes(connection, &links, cause.at).await?;
    Ok(links)
}

/// Writes the entries of links that have their numbers.
pub(super) async fn put_changes(
    connection: &mut PgConnection,
    links: &[LinkRow],
    now: OffsetDateTime,
) -> Result<()> {
    let ids: Vec<Uuid> = links.iter().map(|link| link.id).collect();
    let numbers: Vec<i64> = links.iter().map(|link| link.revision).collect();
    let records = links
        .iter()
        .map(|link| link.to_record().map(|record| record.encode()));
    let records: Vec<String> = records.collect::<Result<_>>()?;
    sqlx::query!(
        "with logged as (
             insert into link_changes (seq, link_id, record, changed_at)
             select seq, link_id, record, $4
             from unnest($1::bigint[], $2::uuid[], $3::text[]) as change (seq, link_id, record)
         )
         select pg_notify('link_changes', '')",
        &numbers,
        &ids,
        &records,
        now,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Where the log stands now.
pub async fn head(database: impl PgExecutor<'_>) -> Result<Head> {
    let head = sqlx::query_as!(
        Head,
        r#"select seq, epoch, now() as "database_time!" from link_changes_head"#,
    )
    .fetch_one(database)
    .await?;
    Ok(head)
}

/// The changes after `seq`, in order, at most `limit`.
pub async fn changes_after(
    database: impl PgExecutor<'_>,
    seq: i64,
    limit: i64,
) -> Result<Vec<LoggedChange>> {
    let changes = sqlx::query_as!(
        LoggedChange,
        r#"select seq, record, exists (
               select from link_changes as later
               where later.link_id = change.link_id and later.seq > change.seq
           ) or exists (
               select from link_changes as later
               where later.domain = change.domain and later.seq > change.seq
           ) as "is_superseded!"
           from link_changes as change
           where seq > $1
           order by seq
           limit $2"#,
        seq,
        limit,
    )
    .fetch_all(database)
    .await?;
    Ok(changes)
}

/// Gives the history another name, unless somebody else did so since `epoch` was read.
///
/// Everything that was learnt under the old name becomes void, everywhere.
pub async fn rename_history(database: impl PgExecutor<'_>, epoch: Uuid) -> Result<()> {
    sqlx::query!(
        "update link_changes_head set epoch = gen_random_uuid() where epoch = $1",
        epoch,
    )
    .execute(database)
    .await?;
    Ok(())
}
