//! Where entries end that can never be counted.

use sqlx::PgConnection;

use crate::Result;
use crate::entry::Entry;

/// How often an entry is tried before it is given up. Damage does not heal, but a defect of ours
/// may: five tries at the pace of the claim idle time leave two minutes to notice a bad release
/// before anything is set aside.
pub(crate) const MAX_DELIVERIES: u64 = 5;

/// Keeps an entry, whole, with the reason. The same entry a second time, after a crash between
/// this and the acknowledgement, only renews `last_seen`.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    stream: &str,
    entry: &Entry,
    reason: &str,
    deliveries: u64,
) -> Result<()> {
    sqlx::query!(
        "insert into dead_letters as letters (stream, stream_id, fields, reason, deliveries)
         values ($1, $2, $3, $4, $5)
         on conflict (stream, stream_id) do update
         set last_seen = now(), deliveries = excluded.deliveries, reason = excluded.reason",
        stream,
        entry.id,
        entry.fields.as_deref().unwrap_or_default(),
        // PostgreSQL has no text with a zero byte.
        reason.replace('\0', "\u{fffd}"),
        deliveries as i64,
    )
    .execute(connection)
    .await?;
    Ok(())
}
