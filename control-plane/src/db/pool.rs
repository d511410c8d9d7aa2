//! Connecting and migrating.

use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool, PgTransaction};

use crate::{Error, Result};

/// How long a request waits for a connection. With Postgres down this is what a client waits for
/// its 503, which must come within 2 s.
const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(1500);

/// A statement that runs longer is a mistake of ours, and holds a connection others wait for.
const STATEMENT_TIMEOUT: &str = "10s";

/// After that much idleness a connection is asked whether it is still there. One that was used a
/// moment ago is: to ask each time was a third of all messages to the database.
const TESTED_AFTER: Duration = Duration::from_secs(1);

/// Begins a transaction. What it writes has one plan, whatever the values are, and to find it anew each
/// time took longer than to write.
const BEGIN: &str = "begin; set local plan_cache_mode = auto";

/// The same for reading something whose plan depends on the values.
const BEGIN_TO_READ: &str = "begin read only";

/// The same where rows are to come in the order of an index: no other way to them is left.
const BEGIN_IN_ORDER: &str = "begin read only; set local enable_sort = off;
    set local enable_seqscan = off; set local enable_bitmapscan = off";

/// The database with clicks. A type of its own, so that nobody looks for links there.
#[derive(Debug, Clone)]
pub struct Analytics(pub PgPool);

/// A pool that connects when first used, so that a service can start before its database.
///
/// # Errors
/// When the URL cannot be understood.
pub fn connect(url: &SecretString, connections: u32) -> sqlx::Result<PgPool> {
    let options = PgConnectOptions::from_str(url.expose_secret())?
        .application_name("linkpulse-control-plane")
        .options([
            ("statement_timeout", STATEMENT_TIMEOUT),
            ("timezone", "UTC"),
            // Lists have one statement for all filters, of which most do not matter most of the time.
            // A plan for all cases reads everything; one for the case at hand costs 0.1 ms more.
            ("plan_cache_mode", "force_custom_plan"),
            // To compile a plan takes longer than any of ours runs, and so does starting helpers, who
            // are missed elsewhere.
            ("jit", "off"),
            ("max_parallel_workers_per_gather", "0"),
            // Disks have no heads any more: the default of 4 makes indexes look worse than they are.
            ("random_page_cost", "1.1"),
        ]);
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            let is_tested = metadata.idle_for < TESTED_AFTER;
            Box::pin(async move {
                if !is_tested {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    Ok(pool)
}

/// Begins a transaction that writes.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn begin(pool: &PgPool) -> Result<PgTransaction<'static>> {
    begin_with(pool, BEGIN).await
}

/// Begins a transaction that reads, with a plan for the values at hand.
pub(super) async fn begin_to_read(pool: &PgPool) -> Result<PgTransaction<'static>> {
    begin_with(pool, BEGIN_TO_READ).await
}

/// Begins a transaction that reads in the order of an index.
pub(super) async fn begin_in_order(pool: &PgPool) -> Result<PgTransaction<'static>> {
    begin_with(pool, BEGIN_IN_ORDER).await
}

/// In a task of its own, so that nobody can give up in the middle of it: sqlx would hand the connection
/// to somebody else, with a transaction open that nobody commits (launchbadge/sqlx#4393). So there is
/// no other way to begin one.
async fn begin_with(pool: &PgPool, statement: &'static str) -> Result<PgTransaction<'static>> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(statement).await });
    Ok(begun.await.map_err(Error::internal)??)
}

/// Ends a transaction.
///
/// # Errors
/// [`Error::OutcomeUnknown`] when the connection was lost before the database answered: then it may be done
/// or not, and whoever did it again could do it twice.
pub async fn commit(transaction: PgTransaction<'_>) -> Result<()> {
    transaction
        .commit()
        .await
        .map_err(|error| match error.into() {
            Error::Unavailable(_) | Error::TimedOut => Error::OutcomeUnknown,
            other => other,
        })
}

/// Brings the tables of the control plane up to date. Safe to run again, and at the same time.
///
/// # Errors
/// When the database refuses, or was migrated by a newer release.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    let mut migrator: Migrator = sqlx::migrate!("./migrations");
    // The pipeline's tables have a history of their own, perhaps in the same database.
    migrator.dangerous_set_table_name("_control_plane_migrations");
    migrator.run(pool).await
}
