//! What proxies hear of their blocks.

use contract::block::FIELDS;
use contract::{Block, BlockId};

use crate::blocks::{click, new_id, plain, sealed};
use crate::harness::{Stage, engines};

fn names(blocks: &[Block]) -> Vec<BlockId> {
    blocks.iter().map(|block| block.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_acknowledged_each_time_it_comes_and_is_gone_from_the_stream_then() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let mut listener = stage.listener().await;
        let blocks = plain(3, 5);
        let worker = stage.worker("only").await;
        for _ in 0..2 {
            for block in &blocks {
                stage.send(block).await;
            }
            assert_eq!(listener.names(3).await, names(&blocks));
            assert_eq!(stage.waiting().await, 0);
        }
        stage.assert_counted(&blocks).await;
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_divided() {
    let stage = Stage::new(engines()[0]).await;
    let mut listener = stage.listener().await;
    let blocks = plain(1_001, 1);
    for block in &blocks {
        stage.send(block).await;
    }
    let mut config = stage.config("only");
    config.batch_blocks = 2_000;
    let worker = crate::harness::Worker::start(config).await;
    assert_eq!(listener.next().await.len(), 1_000);
    assert_eq!(listener.next().await, names(&blocks[1_000..]));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_kept_elsewhere_is_acknowledged() {
    let stage = Stage::new(engines()[0]).await;
    let fields = FIELDS.map(str::as_bytes);
    let mut listener = stage.listener().await;
    let counted = plain(2, 5);
    let worker = stage.worker("only").await;
    stage.send(&counted[0]).await;
    assert_eq!(listener.names(1).await, names(&counted[..1]));

    // Neither of these has a place but the stream.
    let newer = plain(1, 5).remove(0);
    let mut newer_fields = newer.to_fields();
    newer_fields[0] = b"3".to_vec();
    stage.add(&fields, &newer_fields).await;
    stage.send(&sealed(counted[0].id, &[click()])).await;
    // One has no name, one was damaged on its way and is whole at its proxy, and one was sealed
    // like that: only of this one dead_letters has all there is.
    stage.add(&[b"seg"], &[b"nobody".to_vec()]).await;
    let damaged = sealed(new_id(), &[click()]);
    let mut damaged_fields = damaged.to_fields();
    damaged_fields[5][9] ^= 1;
    stage.add(&fields, &damaged_fields).await;

    let nonsense = contract::Block::of_clicks(new_id(), 1, vec![1; 20]);
    stage.send(&nonsense).await;

    assert_eq!(listener.names(1).await, [nonsense.id]);
    stage.drained_to(2).await;
    assert_eq!(stage.dead_letters().await.len(), 3);
    stage.send(&damaged).await;
    assert_eq!(listener.names(1).await, [damaged.id], "sent again, whole");
    stage.send(&counted[1]).await;
    assert_eq!(listener.names(1).await, names(&counted[1..]));
    worker.stop().await;
}
