//! The change log: one entry for each new state of a link, numbered in commit order.

use contract::{Heartbeat, LinkRecord};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

use super::LinkRow;
use crate::Result;

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

/// Logs the link's state as of this transaction and wakes the relay at commit.
///
/// Must be the last statement before the commit: from here on, no other change of any link can be
/// committed before this one.
pub async fn log_change(
    connection: &mut PgConnection,
    link_id: Uuid,
    now: OffsetDateTime,
) -> Result<LinkRow> {
    let link = sqlx::query_as!(
        LinkRow,
        r#"with head as (update link_changes_head set seq = seq + 1 returning seq)
         update links set revision = head.seq, updated_at = $2
         from head
         where links.id = $1
         returning id, workspace_id, domain, code, original_url, title, is_enabled, expires_at,
                   created_at, updated_at, deleted_at, revision, redirect_status,
                   options as "options: _", password_hash, password_changed, is_blocked"#,
        link_id,
        now,
    )
    .fetch_one(&mut *connection)
    .await?;
    let record: LinkRecord = link.to_record()?;
    sqlx::query!(
        "with logged as (
             insert into link_changes (seq, link_id, record, changed_at) values ($1, $2, $3, $4)
         )
         select pg_notify('link_changes', '')",
        link.revision,
        link_id,
        record.encode(),
        now,
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(link)
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
