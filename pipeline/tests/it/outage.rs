//! Servers go away and come back.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use local_servers::testing::{self, ThrowAway, ThrowAwayDir};
use local_servers::{RedisOptions, RedisServer, free_port, random_password};
use pipeline::EngineChoice;
use tokio::task::block_in_place;

use crate::blocks::plain;
use crate::harness::{Stage, Worker, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn postgres_stops_in_the_middle_and_comes_back() {
    // A throw-away server is stopped by a crash (SIGQUIT), in the middle of transactions.
    let mut postgres = block_in_place(ThrowAway::postgres).unwrap();
    let stage = Stage::at(&postgres.url(), testing::redis_url(), EngineChoice::Auto).await;
    let blocks = plain(500, 1);
    for block in &blocks[..400] {
        stage.send(block).await;
    }
    let mut workers = Vec::new();
    for consumer in ["one", "two"] {
        let mut config = stage.config(consumer);
        config.batch_blocks = 1;
        workers.push(Worker::start(config).await);
    }
    eventually("they have begun", || async { stage.waiting().await < 350 }).await;
    block_in_place(|| postgres.stop()).unwrap();
    let left = stage.waiting().await;
    assert!(left > 0, "the workers were too fast for this test");
    for block in &blocks[400..] {
        stage.send(block).await;
    }
    eventually("the worker says what is missing", || async {
        let (status, body) = workers[0].get("/readyz").await;
        status == 503 && body.contains("database")
    })
    .await;
    assert_eq!(stage.waiting().await, left + 100);
    block_in_place(|| postgres.restart()).unwrap();
    stage.drained_to(0).await;
    stage.assert_counted(&blocks).await;
    assert_eq!(stage.pending().await, []);
    for worker in workers {
        worker.ready().await;
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_restarts_and_the_worker_goes_on() {
    let folder = ThrowAwayDir::create().unwrap();
    let options = RedisOptions {
        dir: folder.path().join("redis"),
        port: free_port().unwrap(),
        password: random_password(),
        durable: true,
        users: Vec::new(),
        program: None,
    };
    let mut redis = block_in_place(|| RedisServer::start(options)).unwrap();
    let database = testing::TestDatabase::create("pipeline_redis");
    let stage = Stage::at(&database.url, &redis.url(), EngineChoice::Auto).await;
    let worker = stage.worker("only").await;
    let blocks = plain(300, 20);
    for part in blocks.chunks(100) {
        for block in part {
            stage.send(block).await;
        }
        block_in_place(|| redis.restart()).unwrap();
    }
    stage.drained_to(0).await;
    stage.assert_counted(&blocks).await;
    worker.ready().await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_may_start_before_everything_else() {
    let database = testing::TestDatabase::create("pipeline_early");
    let stage = Stage::at(&database.url, testing::redis_url(), EngineChoice::Postgres).await;
    sqlx::raw_sql("alter table clicks rename to clicks_elsewhere")
        .execute(&stage.pool)
        .await
        .unwrap();
    let blocks = plain(3, 5);
    for block in &blocks {
        stage.send(block).await;
    }
    let worker = stage.worker("only").await;
    eventually("the worker asks for the migrations", || async {
        let (status, body) = worker.get("/readyz").await;
        status == 503 && body.contains("linkpulse migrate")
    })
    .await;
    assert_eq!(worker.get("/healthz").await.0, 200);
    assert_eq!(stage.waiting().await, 3);
    sqlx::raw_sql("alter table clicks_elsewhere rename to clicks")
        .execute(&stage.pool)
        .await
        .unwrap();
    stage.drained_to(0).await;
    stage.assert_counted(&blocks).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_somebody_dropped_is_made_again() {
    let stage = Stage::new(EngineChoice::Postgres).await;
    let worker = stage.worker("only").await;
    let blocks = plain(2, 1);
    stage.send(&blocks[0]).await;
    stage.drained_to(0).await;
    sqlx::raw_sql(
        "do $$ declare name text; begin
             for name in select inhrelid::regclass from pg_inherits
                         where inhparent = 'clicks'::regclass loop
                 execute 'drop table ' || name;
             end loop;
         end $$",
    )
    .execute(&stage.pool)
    .await
    .unwrap();
    stage.send(&blocks[1]).await;
    stage.drained_to(0).await;
    assert_eq!(stage.counted().await.rows, 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_nobody_gives_back_does_not_hold_a_worker_for_ever() {
    let stage = Stage::new(EngineChoice::Postgres).await;
    let mut stuck = stage.pool.begin().await.unwrap();
    sqlx::query("lock table ingested_blocks")
        .execute(&mut *stuck)
        .await
        .unwrap();
    let mut config = stage.config("only");
    config.write_timeout = Duration::from_millis(300);
    let worker = Worker::start(config).await;
    let blocks = plain(1, 5);
    stage.send(&blocks[0]).await;
    eventually("the block was received", || async {
        stage.pending().await.len() == 1
    })
    .await;
    // Every try has a connection of its own, since the one that gave up was dropped.
    let waiters = "select pid from pg_stat_activity where wait_event_type = 'Lock'
                   and application_name = 'linkpulse-pipeline' and datname = current_database()";
    let seen = Mutex::new(BTreeSet::new());
    eventually("the worker gave up waiting, and tried again", || async {
        let found: Vec<i32> = sqlx::query_scalar(waiters)
            .fetch_all(&stage.pool)
            .await
            .unwrap();
        let mut seen = seen.lock().unwrap();
        seen.extend(found);
        seen.len() >= 3
    })
    .await;
    stuck.rollback().await.unwrap();
    stage.drained_to(0).await;
    stage.assert_counted(&blocks).await;
    worker.stop().await;
}
