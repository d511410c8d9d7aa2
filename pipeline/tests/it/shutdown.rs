//! Stopping a worker loses nothing and waits for nobody.

use std::time::{Duration, Instant};

use local_servers::testing::{self, ThrowAway};
use pipeline::EngineChoice;
use tokio::task::block_in_place;

use crate::blocks::plain;
use crate::harness::{Stage, Worker, engines, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_middle_leaves_only_what_was_not_committed() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let mut blocks = Vec::new();
        let mut left = 0;
        // A worker may have done all before this test gets to stop it. Then there is more to do.
        for _ in 0..10 {
            for block in plain(300, 20) {
                stage.send(&block).await;
                blocks.push(block);
            }
            let mut config = stage.config("first");
            config.batch_blocks = 4;
            let worker = Worker::start(config).await;
            eventually("it has begun", || async { stage.waiting().await < 280 }).await;
            worker.stop().await;

            // What left the stream is committed, and nothing is half done.
            left = stage.waiting().await;
            assert_eq!(
                stage.counted().await.blocks,
                blocks.len() as i64 - left as i64
            );
            assert_eq!(stage.pending().await, []);
            if left > 0 {
                break;
            }
        }
        assert!(left > 0, "the worker is too fast for this test");

        let worker = stage.worker("second").await;
        stage.drained_to(0).await;
        stage.assert_counted(&blocks).await;
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_waits_for_the_database_stops_too() {
    let mut postgres = block_in_place(ThrowAway::postgres).unwrap();
    let stage = Stage::at(&postgres.url(), testing::redis_url(), EngineChoice::Auto).await;
    let mut config = stage.config("only");
    config.shutdown_grace = Duration::from_secs(120);
    let worker = Worker::start(config).await;
    worker.ready().await;
    block_in_place(|| postgres.stop()).unwrap();
    let blocks = plain(2, 5);
    for block in &blocks {
        stage.send(block).await;
    }
    eventually("a block is in hand", || async {
        !stage.pending().await.is_empty()
    })
    .await;
    let start = Instant::now();
    worker.stop().await;
    // The grace period is longer than the test is patient, so that this is no cut.
    let took = start.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");

    block_in_place(|| postgres.restart()).unwrap();
    let worker = stage.worker("only").await;
    stage.drained_to(0).await;
    stage.assert_counted(&blocks).await;
    worker.stop().await;
}
