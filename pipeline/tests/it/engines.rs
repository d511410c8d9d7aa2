//! What the click table lies on, and who decides it.

use local_servers::testing::{self, TestDatabase};
use pipeline::{Engine, EngineChoice, Error, detect_engine, migrate};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use time::{Duration, OffsetDateTime};

use crate::harness::{Stage, engines, eventually};

async fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_choice_is_made_once() {
    for choice in engines() {
        let stage = Stage::new(choice).await;
        let engine = detect_engine(&stage.pool).await.unwrap();
        assert_eq!(engine.to_string(), choice.as_str());
        for later in [
            EngineChoice::Auto,
            EngineChoice::Postgres,
            EngineChoice::TimescaleDb,
        ] {
            assert_eq!(migrate(&stage.pool, later).await.unwrap(), engine);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_takes_timescaledb_where_it_works() {
    let stage = Stage::new(EngineChoice::Auto).await;
    let expected = match testing::has_timescaledb(testing::postgres_url()) {
        true => Engine::TimescaleDb,
        false => Engine::Postgres,
    };
    assert_eq!(detect_engine(&stage.pool).await.unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_detected_before_the_migrations() {
    let database = TestDatabase::create("pipeline_empty");
    let pool = pool(database.url.parse().unwrap()).await;
    let error = detect_engine(&pool).await.unwrap_err();
    assert!(matches!(error, Error::NotMigrated), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn timescaledb_that_does_not_work_is_an_error_only_if_it_was_asked_for() {
    let database = TestDatabase::create("pipeline_role");
    let admin = pool(database.url.parse().unwrap()).await;
    // May make tables, but no extension: as on a managed server, and as without the library.
    let role = format!("role_{}", uuid::Uuid::new_v4().simple());
    let statements = format!(
        "create role {role} login password 'secret'; grant create on schema public to {role};"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements))
        .execute(&admin)
        .await
        .unwrap();
    let options: PgConnectOptions = database.url.parse().unwrap();
    let limited = pool(options.username(&role).password("secret")).await;

    let error = migrate(&limited, EngineChoice::TimescaleDb)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::EngineUnavailable(_)), "{error}");
    assert!(error.to_string().starts_with("TimescaleDB "), "{error}");
    let engine = migrate(&limited, EngineChoice::Auto).await.unwrap();
    assert_eq!(engine, Engine::Postgres);

    limited.close().await;
    let statements = format!("drop owned by {role} cascade; drop role {role};");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements))
        .execute(&admin)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_migrate_side_by_side() {
    let database = TestDatabase::create("pipeline_beside");
    let pool = pool(database.url.parse().unwrap()).await;
    sqlx::raw_sql("create table _sqlx_migrations (owner text)")
        .execute(&pool)
        .await
        .unwrap();
    migrate(&pool, EngineChoice::Auto).await.unwrap();
    let versions: i64 =
        sqlx::query_scalar("select count(*) from _pipeline_migrations where success")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(versions as usize, sqlx::migrate!().migrations.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_first_release_has_written_is_still_read() {
    for choice in engines() {
        let database = TestDatabase::create("pipeline_first");
        let pool = pool(database.url.parse().unwrap()).await;
        sqlx::query("select set_config('linkpulse.engine', $1, false)")
            .bind(choice.as_str())
            .execute(&pool)
            .await
            .unwrap();
        let mut migrator = sqlx::migrate!();
        migrator.dangerous_set_table_name("_pipeline_migrations");
        migrator.run_to(1, &pool).await.unwrap();
        if choice == EngineChoice::Postgres {
            sqlx::raw_sql(
                "create table clicks_20260203 partition of clicks
                 for values from ('2026-02-03 00:00Z') to ('2026-02-04 00:00Z')",
            )
            .execute(&pool)
            .await
            .unwrap();
        }
        sqlx::raw_sql(
            "insert into clicks values
                 ('2026-02-03 04:05Z', gen_random_uuid(), null, 'localhost', 'abc', 'head', 302,
                  null, false, false, 0, 0, null, null, 'curl/8.14.1', '', '', '');
             insert into link_clicks_hourly values (gen_random_uuid(), '2026-02-03 04:00Z', 7, now())",
        )
        .execute(&pool)
        .await
        .unwrap();
        migrate(&pool, choice).await.unwrap();
        let (kind, user_agent, other_hits): (String, String, i64) = sqlx::query_as(
            "select kind, user_agent, other_hits from classified_clicks, link_clicks_hourly",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(
            (&*kind, &*user_agent, other_hits),
            ("head", "curl/8.14.1", 0)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_are_made_ahead() {
    let stage = Stage::new(EngineChoice::Postgres).await;
    let workers = [stage.worker("one").await, stage.worker("two").await];
    let today = OffsetDateTime::now_utc().date();
    let names: Vec<String> = (-1..=7)
        .map(|days| (today + Duration::days(days)).to_string().replace('-', ""))
        .map(|digits| format!("clicks_{digits}"))
        .collect();
    eventually("yesterday, today and a week have partitions", || async {
        let found: Vec<String> = sqlx::query_scalar(
            "select inhrelid::regclass::text from pg_inherits
             where inhparent = 'clicks'::regclass order by 1",
        )
        .fetch_all(&stage.pool)
        .await
        .unwrap();
        // A test that runs at midnight sees one day more.
        names[1..].iter().all(|name| found.contains(name))
    })
    .await;
    for worker in workers {
        worker.stop().await;
    }
}
