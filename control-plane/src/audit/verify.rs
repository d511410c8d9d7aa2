use futures_util::TryStreamExt;
use sqlx::PgPool;
use uuid::Uuid;

use super::entry::{BEGINNING, Entry, Hash};
use crate::db::begin;
use crate::error::Result;

/// What is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The row is not what was written, or the one before it is not.
    #[error("entry {0} was altered")]
    Altered(i64),
    /// A row is gone.
    #[error("entry {0} is missing")]
    Missing(i64),
    /// The rows end elsewhere than the workspace's head says.
    #[error("the log ends with entry {found}, its head says {expected}")]
    WrongEnd {
        /// By the rows.
        found: i64,
        /// By the head.
        expected: i64,
    },
    /// The last row's hash is not the head's.
    #[error("the head was altered")]
    AlteredHead,
}

/// What was found out about the log of one workspace.
#[derive(Debug)]
pub struct Verified {
    /// Whose.
    pub workspace_id: Uuid,
    /// Entries that are what they were, from the first on.
    pub entries: i64,
    /// Hash of the last of them. Kept elsewhere, it also proves that nobody wrote the log anew.
    pub hash: Hash,
    /// The first thing that is wrong. What follows cannot be told.
    pub finding: Option<Finding>,
}

/// Computes all hashes anew, workspace by workspace.
///
/// # Errors
/// When the database cannot be read.
pub async fn verify(pool: &PgPool) -> Result<Vec<Verified>> {
    let workspaces = sqlx::query_scalar!(
        r#"select workspace_id as "id!" from audit_heads
           union select workspace_id from audit_log
           order by 1"#
    )
    .fetch_all(pool)
    .await?;
    let mut all = Vec::new();
    for workspace_id in workspaces {
        all.push(verify_workspace(pool, workspace_id).await?);
    }
    Ok(all)
}

async fn verify_workspace(pool: &PgPool, workspace_id: Uuid) -> Result<Verified> {
    // One snapshot: a head that is newer than the rows would look like rows that are gone.
    let mut transaction = begin(pool).await?;
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(&mut *transaction)
        .await?;
    let head = sqlx::query!(
        "select number, hash from audit_heads where workspace_id = $1",
        workspace_id,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let mut verified = Verified {
        workspace_id,
        entries: 0,
        hash: BEGINNING,
        finding: None,
    };
    let mut rows = sqlx::query!(
        "select number, at, actor, action, subject, state, hash
         from audit_log where workspace_id = $1 order by number",
        workspace_id,
    )
    .fetch(&mut *transaction);
    while let Some(row) = rows.try_next().await? {
        let number = verified.entries + 1;
        if row.number != number {
            verified.finding = Some(match row.number < number {
                true => Finding::Altered(row.number),
                false => Finding::Missing(number),
            });
            return Ok(verified);
        }
        let entry = Entry {
            workspace_id,
            number,
            at: row.at,
            actor: &row.actor,
            action: &row.action,
            subject: &row.subject,
            state: &row.state,
        };
        let hash = entry.hash(&verified.hash);
        if row.hash != hash {
            verified.finding = Some(Finding::Altered(number));
            return Ok(verified);
        }
        verified.entries = number;
        verified.hash = hash;
    }
    let expected = head.as_ref().map_or(0, |head| head.number);
    if expected != verified.entries {
        verified.finding = Some(Finding::WrongEnd {
            found: verified.entries,
            expected,
        });
    } else if head.is_some_and(|head| head.hash != verified.hash) {
        verified.finding = Some(Finding::AlteredHead);
    }
    Ok(verified)
}
