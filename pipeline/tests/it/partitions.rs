//! Clicks in several streams.

use contract::{Block, Partitions};

use crate::blocks::{click, new_id, plain, sealed};
use crate::harness::{Stage, Worker, engines, eventually};

/// Blocks of many segments.
fn scattered(count: usize) -> Vec<Block> {
    (0..count).flat_map(|_| plain(1, 10)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_partition_is_read_and_acknowledged() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let partitions = Partitions::new(4).unwrap();
        let mut listener = stage.listener_to(partitions).await;
        let blocks = scattered(100);
        let mut workers = Vec::new();
        // Two processes, and the workers of all partitions meet at the same counts.
        for consumer in ["one", "two"] {
            let mut config = stage.config(consumer);
            config.partitions = partitions;
            workers.push(Worker::start(config).await);
        }
        for (index, block) in blocks.iter().enumerate() {
            stage.send_to_one_of(partitions, block).await;
            if index % 5 == 0 {
                stage.send_to_one_of(partitions, block).await;
            }
        }
        let mut told = listener.names(120).await;
        told.sort();
        told.dedup();
        let mut names: Vec<_> = blocks.iter().map(|block| block.id).collect();
        names.sort();
        assert_eq!(told, names);
        stage.assert_counted(&blocks).await;
        for worker in workers {
            worker.ready().await;
            worker.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clicks_in_a_partition_that_nobody_reads_are_noticed_and_wait() {
    let stage = Stage::new(engines()[0]).await;
    let more = Partitions::new(8).unwrap();
    let blocks = [5, 7].map(|first_byte| {
        let mut id = new_id();
        id.segment.0[0] = first_byte;
        sealed(id, &[click()])
    });
    for block in &blocks {
        stage.send_to_one_of(more, block).await;
    }
    // The gauge is the process's, and other tests set it, too: once seen is enough.
    let worker = stage.worker("only").await;
    let unread = "linkpulse_stream_unread_entries";
    eventually("the entries are noticed", || async {
        worker.gauge(unread).await == Some(2.0)
    })
    .await;
    worker.stop().await;
    assert_eq!(stage.counted().await.blocks, 0);

    let mut config = stage.config("more");
    config.partitions = more;
    let worker = Worker::start(config).await;
    eventually("all are counted", || async {
        stage.counted().await.blocks == 2
    })
    .await;
    stage.assert_counted(&blocks).await;
    worker.stop().await;
}
