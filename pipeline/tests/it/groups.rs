//! Other consumer groups on the click stream get every entry, too.

use redis::{Value, cmd};

use crate::blocks::plain;
use crate::harness::{Stage, Worker, engines, eventually};

/// A group whose name is no text.
const OTHER: &[u8] = b"archive\xff";

async fn make_other(stage: &Stage) {
    let mut create = cmd("XGROUP");
    create.arg("CREATE").arg(stage.key()).arg(OTHER);
    create.arg(&["0", "MKSTREAM"]);
    create.exec_async(&mut stage.redis().await).await.unwrap();
}

/// The other group is given entries.
async fn read(stage: &Stage, count: u32) -> Vec<String> {
    let mut read = cmd("XREADGROUP");
    read.arg("GROUP").arg(OTHER).arg(&["slow", "COUNT"]);
    read.arg(count).arg("STREAMS").arg(stage.key()).arg(">");
    let reply: Vec<(String, Vec<(String, Value)>)> =
        read.query_async(&mut stage.redis().await).await.unwrap();
    let (_, entries) = reply.into_iter().next().unwrap();
    entries.into_iter().map(|(id, _)| id).collect()
}

async fn acknowledge(stage: &Stage, ids: &[String]) {
    let mut acknowledge = cmd("XACK");
    acknowledge.arg(stage.key()).arg(OTHER).arg(ids);
    acknowledge
        .exec_async(&mut stage.redis().await)
        .await
        .unwrap();
}

async fn destroy_other(stage: &Stage) {
    let mut destroy = cmd("XGROUP");
    destroy.arg("DESTROY").arg(stage.key()).arg(OTHER);
    destroy.exec_async(&mut stage.redis().await).await.unwrap();
}

async fn counted(stage: &Stage, blocks: i64) {
    eventually("the blocks are counted", || async {
        stage.counted().await.blocks == blocks && stage.pending().await.is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_group_loses_nothing() {
    let stage = Stage::new(engines()[0]).await;
    make_other(&stage).await;
    let blocks = plain(7, 5);
    for block in &blocks[..5] {
        stage.send(block).await;
    }
    let worker = stage.worker("only").await;
    counted(&stage, 5).await;
    let given = read(&stage, 2).await;
    assert_eq!(stage.waiting().await, 5);

    // Acknowledged, and so deleted by the next sweep; the others were not given yet.
    acknowledge(&stage, &given).await;
    stage.drained_to(3).await;

    // Acknowledged behind two that are not.
    let given = read(&stage, 3).await;
    acknowledge(&stage, &given[2..]).await;
    stage.drained_to(2).await;

    // At once, if the other group was faster than this one.
    worker.stop().await;
    for block in &blocks[5..] {
        stage.send(block).await;
    }
    let faster = read(&stage, 2).await;
    acknowledge(&stage, &faster[..1]).await;
    let worker = stage.worker("only").await;
    counted(&stage, 7).await;
    stage.drained_to(3).await;
    acknowledge(&stage, &given).await;
    acknowledge(&stage, &faster).await;
    stage.drained_to(0).await;
    stage.assert_counted(&blocks).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_that_is_gone_has_left_behind_is_deleted() {
    let stage = Stage::new(engines()[0]).await;
    make_other(&stage).await;
    let blocks = plain(20, 2);
    for block in &blocks {
        stage.send(block).await;
    }
    let worker = stage.worker("first").await;
    counted(&stage, 20).await;
    read(&stage, 10).await;
    worker.stop().await;
    assert_eq!(stage.waiting().await, 20);

    // Another worker knows nothing of what the first one had to leave.
    let worker = stage.worker("second").await;
    destroy_other(&stage).await;
    stage.drained_to(0).await;
    stage.assert_counted(&blocks).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_counted_stays_whatever_other_groups_have_done() {
    let stage = Stage::new(engines()[0]).await;
    make_other(&stage).await;
    let blocks = plain(200, 2);
    for block in &blocks {
        stage.send(block).await;
    }
    let given = read(&stage, 200).await;
    acknowledge(&stage, &given).await;
    // Others have them in hand; this one sweeps, and has nothing to do.
    stage.receive_and_die("dead", 100).await;
    let mut config = stage.config("alive");
    config.claim_idle = std::time::Duration::from_secs(600);
    let worker = Worker::start(config).await;
    stage.drained_to(100).await;
    assert_eq!(stage.pending().await.len(), 100);
    worker.stop().await;
    let worker = stage.worker("heir").await;
    stage.drained_to(0).await;
    stage.assert_counted(&blocks).await;
    worker.stop().await;
}
