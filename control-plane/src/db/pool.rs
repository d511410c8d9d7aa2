//! Connecting and migrating.

use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Row};

/// How long a request waits for a connection. With Postgres down this is what a client waits for
/// its 503, which must come within 2 s.
const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(1500);

/// A statement that runs longer is a mistake of ours, and holds a connection others wait for.
const STATEMENT_TIMEOUT: &str = "10s";

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
        .before_acquire(|connection, _| {
            Box::pin(async move {
                // sqlx can hand back a connection whose cancelled `begin()` took effect after all
                // (launchbadge/sqlx#4393); work on it would never be committed. Inside a transaction
                // the two times differ. A plain query, since the extended protocol's messages each
                // have a time of their own.
                let probe = sqlx::raw_sql("select transaction_timestamp() = statement_timestamp()");
                probe.fetch_one(connection).await?.try_get(0)
            })
        })
        .connect_lazy_with(options);
    Ok(pool)
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
