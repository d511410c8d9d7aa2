use control_plane::db;
use local_servers::testing::TestDatabase;

use crate::harness::blocking;

/// launchbadge/sqlx#4393: a cancelled `begin()` can leave its transaction open on a connection that
/// goes back to the pool. What the next user of it writes would never be committed.
#[tokio::test]
async fn a_connection_with_a_forgotten_transaction_is_not_used_again() {
    let database = blocking(|| TestDatabase::create("control_plane")).await;
    let pool = db::connect(&database.url.as_str().into(), 1).unwrap();
    let backend = async || {
        let pid = sqlx::query_scalar::<_, i32>("select pg_backend_pid()");
        pid.fetch_one(&pool).await.unwrap()
    };
    let first = backend().await;
    assert_eq!(backend().await, first, "a healthy connection is kept");

    let mut connection = pool.acquire().await.unwrap();
    sqlx::raw_sql("begin")
        .execute(&mut *connection)
        .await
        .unwrap();
    drop(connection);
    assert_ne!(backend().await, first);
}
