//! Where entries end that can never be counted, and the way back, when they can be after all.

mod letter;
mod replay;

pub use letter::{Letter, Summary};
pub use replay::{Fate, replay};
use sqlx::PgConnection;

use crate::Result;
use crate::entry::Entry;

/// How often an entry is tried before it is given up. Damage does not heal, but a defect of ours
/// may: five tries at the pace of the claim idle time leave two minutes to notice a bad release
/// before anything is set aside.
pub(crate) const MAX_DELIVERIES: u64 = 5;

/// Keeps an entry, whole, with the reason. The same entry a second time, after a crash between
/// this and the acknowledgement, only renews `last_seen`. So does the same content under another
/// id, which is a letter that was sent back and came again.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    stream: &str,
    entry: &Entry,
    reason: &str,
    deliveries: u64,
) -> Result<()> {
    let fields = entry.fields.as_deref().unwrap_or_default();
    // PostgreSQL has no text with a zero byte.
    let reason = reason.replace('\0', "\u{fffd}");
    let again = sqlx::query!(
        "update dead_letters set last_seen = now(), deliveries = $3, reason = $4
         where stream = $1 and fields = $2",
        stream,
        fields,
        deliveries as i64,
        reason,
    )
    .execute(&mut *connection)
    .await?;
    if again.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query!(
        "insert into dead_letters as letters (stream, stream_id, fields, reason, deliveries)
         values ($1, $2, $3, $4, $5)
         on conflict (stream, stream_id) do update
         set last_seen = now(), deliveries = excluded.deliveries, reason = excluded.reason",
        stream,
        entry.id,
        fields,
        reason,
        deliveries as i64,
    )
    .execute(connection)
    .await?;
    Ok(())
}
