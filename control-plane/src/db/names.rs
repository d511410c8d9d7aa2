//! Who may give links names, which are codes and external ids, at the same time.
//!
//! Somebody who makes one link writes its row and then waits for the audit log and the change log.
//! Somebody who makes many holds both logs and then writes the rows, so that each is written once. If
//! two of them wanted the same name, each would wait for the other. So the first kind holds this
//! lock together, and the second alone, before links and logs.

use sqlx::PgConnection;

use crate::Result;

/// Number of the lock: "name" in ASCII.
pub(super) const NAMES_LOCK: i64 = 0x6e61_6d65;

/// Nobody gives names to many links until the end of the transaction.
pub async fn hold_names(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock_shared($1)", NAMES_LOCK)
        .execute(connection)
        .await?;
    Ok(())
}

/// Nobody else gives a name to any link until the end of the transaction. To be called before it
/// locks links, codes' case or logs.
pub async fn take_names(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock($1)", NAMES_LOCK)
        .execute(connection)
        .await?;
    Ok(())
}
