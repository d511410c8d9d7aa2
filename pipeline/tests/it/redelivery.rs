//! Entries that come again: after crashes, from dead workers, with a new group.

use contract::keys::PIPELINE_GROUP;
use contract::{BlockId, Click};
use redis::cmd;

use crate::blocks::{click, new_id, plain, sealed};
use crate::harness::{Stage, Worker, engines, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_commit_and_acknowledgement_counts_nothing_twice() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let blocks = plain(10, 20);
        let worker = stage.worker("first").await;
        for block in &blocks {
            stage.send(block).await;
        }
        stage.drained_to(0).await;
        worker.stop().await;

        // Committed; now they are in the stream again, received by a worker that is no more.
        for block in &blocks {
            stage.send(block).await;
        }
        stage.receive_and_die("first", 10).await;
        assert_eq!(stage.pending().await.len(), 10);
        let worker = stage.worker("second").await;
        stage.drained_to(0).await;
        stage.assert_counted(&blocks).await;
        assert_eq!(stage.pending().await, []);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_received_is_taken_over() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let blocks = plain(200, 2);
        for block in &blocks {
            stage.send(block).await;
        }
        // More than one batch, and more than one page of XAUTOCLAIM.
        stage.receive_and_die("dead", 150).await;
        let worker = stage.worker("alive").await;
        stage.drained_to(0).await;
        stage.assert_counted(&blocks).await;
        assert!(worker.counter("linkpulse_entries_reclaimed_total").await >= 150);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_finds_its_own_unfinished_entries_at_start() {
    let stage = Stage::new(engines()[0]).await;
    let blocks = plain(150, 2);
    for block in &blocks {
        stage.send(block).await;
    }
    stage.receive_and_die("same", 150).await;
    let mut config = stage.config("same");
    config.claim_idle = std::time::Duration::from_secs(600);
    let worker = Worker::start(config).await;
    stage.drained_to(0).await;
    stage.assert_counted(&blocks).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_name_with_other_content_is_an_alarm() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let id = new_id();
        let first = sealed(id, &[click()]);
        let other = sealed(id, &[click(), click()]);
        let neighbour = sealed(BlockId { number: 1, ..id }, &[Click { ..click() }]);
        let worker = stage.worker("only").await;
        let before = worker.counter("linkpulse_block_conflicts_total").await;
        stage.send(&first).await;
        stage.drained_to(0).await;
        let entry = stage.send(&other).await;
        stage.send(&neighbour).await;
        stage.drained_to(1).await;

        // Tried again and again, and never given up: somebody has to find out.
        eventually("delivered more often than any dead letter", || async {
            stage
                .pending()
                .await
                .iter()
                .any(|(id, deliveries)| *id == entry && *deliveries > 6)
        })
        .await;
        assert!(worker.counter("linkpulse_block_conflicts_total").await >= before + 6);
        stage.assert_counted(&[first, neighbour]).await;
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_contents_of_one_name_in_one_batch_are_an_alarm_too() {
    let stage = Stage::new(engines()[0]).await;
    let id = new_id();
    let first = sealed(id, &[click()]);
    stage.send(&first).await;
    stage.send(&sealed(id, &[click(), click()])).await;
    let worker = stage.worker("only").await;
    stage.drained_to(1).await;
    stage.assert_counted(&[first]).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroyed_group_is_made_again() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let blocks = plain(300, 5);
        let worker = stage.worker("only").await;
        for (index, block) in blocks.iter().enumerate() {
            stage.send(block).await;
            if index % 100 == 50 {
                let mut redis = stage.redis().await;
                let destroy = cmd("XGROUP")
                    .arg(&["DESTROY", &stage.key(), PIPELINE_GROUP])
                    .to_owned();
                let _: u64 = destroy.query_async(&mut redis).await.unwrap();
            }
        }
        stage.drained_to(0).await;
        stage.assert_counted(&blocks).await;
        worker.ready().await;
        worker.stop().await;
    }
}
