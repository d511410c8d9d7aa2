use std::time::Duration;

use control_plane::db;
use local_servers::testing::TestDatabase;
use tokio::time::timeout;

use crate::harness::blocking;

/// launchbadge/sqlx#4393: a cancelled `begin()` can leave its transaction open on a connection that
/// goes back to the pool. What the next user of it writes would never be committed.
#[tokio::test]
async fn whoever_gives_up_waiting_for_a_transaction_leaves_none_open() {
    let database = blocking(|| TestDatabase::create("control_plane")).await;
    let pool = db::connect(&database.url.as_str().into(), 1).unwrap();
    let mut given_up = 0;
    for micros in (0..2_000).step_by(10) {
        let patience = Duration::from_micros(micros);
        given_up += u32::from(timeout(patience, db::begin(&pool)).await.is_err());
        // Inside a transaction the two differ. Not prepared: the messages of a prepared statement each
        // have a time of their own.
        let probe = "select transaction_timestamp() = statement_timestamp()";
        let row = sqlx::raw_sql(probe).fetch_one(&pool).await.unwrap();
        assert!(sqlx::Row::get::<bool, _>(&row, 0), "{patience:?}");
    }
    assert!(given_up > 0, "nobody gave up");
}

/// As of any other class 57, it would be said that the database cannot be reached.
#[tokio::test]
async fn a_statement_that_takes_too_long_is_said_to() {
    let database = blocking(|| TestDatabase::create("control_plane")).await;
    let pool = db::connect(&database.url.as_str().into(), 1).unwrap();
    let mut connection = pool.acquire().await.unwrap();
    let impatient = sqlx::raw_sql("set statement_timeout = '1ms'");
    impatient.execute(&mut *connection).await.unwrap();
    let slow = sqlx::raw_sql("select pg_sleep(10)");
    let refused = slow.execute(&mut *connection).await.unwrap_err();
    let error = control_plane::Error::from(refused);
    assert!(matches!(error, control_plane::Error::TimedOut), "{error:?}");
}
