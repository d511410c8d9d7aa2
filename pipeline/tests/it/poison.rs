//! Entries that cannot be counted, and their neighbours.

use contract::block::FIELDS;
use contract::{Block, Click};

use crate::blocks::{at, click, new_id, plain, sealed};
use crate::harness::{Stage, engines, eventually};

fn names() -> [&'static [u8]; 6] {
    FIELDS.map(str::as_bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_given_up_after_five_deliveries() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let blocks = plain(4, 5);
        let mut damaged = plain(1, 5).remove(0).to_fields();
        damaged[5][20] ^= 1;
        let too_old = sealed(
            new_id(),
            &[
                click(),
                Click {
                    clicked_at: at(-1),
                    ..click()
                },
            ],
        );

        stage.send(&blocks[0]).await;
        stage.add(&names(), &damaged).await;
        stage.send(&blocks[1]).await;
        stage.add(&[b"\xff\xfe"], &[b"not ours\0".to_vec()]).await;
        stage.send(&blocks[2]).await;
        stage.send(&too_old).await;
        stage.send(&blocks[3]).await;
        let worker = stage.worker("only").await;
        stage.drained_to(0).await;
        assert_eq!(stage.counted().await.blocks, 4);
        let has_waited = "select max(ingested_at) >= (select min(first_seen) from dead_letters)
                          from ingested_blocks";
        let has_waited: bool = sqlx::query_scalar(has_waited)
            .fetch_one(&stage.pool)
            .await
            .unwrap();
        assert!(!has_waited, "neighbours do not wait");
        let (fields, deliveries): (Vec<Vec<u8>>, i64) = sqlx::query_as(
            "select fields, deliveries from dead_letters order by stream_id limit 1",
        )
        .fetch_one(&stage.pool)
        .await
        .unwrap();
        let names = names();
        let sent = names
            .iter()
            .zip(&damaged)
            .flat_map(|(name, value)| [name.to_vec(), value.clone()]);
        assert_eq!(fields, sent.collect::<Vec<_>>());
        assert_eq!(deliveries, 5);
        let reasons: Vec<String> = stage
            .dead_letters()
            .await
            .into_iter()
            .map(|(_, reason)| reason)
            .collect();
        assert!(reasons[0].contains("CRC"), "{reasons:?}");
        assert!(reasons[1].contains("no field v"), "{reasons:?}");
        assert!(reasons[2].contains("not in the years"), "{reasons:?}");
        assert_eq!(stage.counted().await.rows, 20);
        assert_eq!(stage.pending().await, []);
        assert!(worker.counter("linkpulse_dead_letters_total").await >= 3);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_waits() {
    let stage = Stage::new(engines()[0]).await;
    let blocks = plain(2, 5);
    let mut newer = plain(1, 5).remove(0).to_fields();
    newer[0] = b"3".to_vec();
    stage.send(&blocks[0]).await;
    let entry = stage.add(&names(), &newer).await;
    stage.send(&blocks[1]).await;
    let worker = stage.worker("only").await;
    stage.drained_to(1).await;
    eventually("delivered more often than any dead letter", || async {
        stage
            .pending()
            .await
            .iter()
            .any(|(id, deliveries)| *id == entry && *deliveries > 6)
    })
    .await;
    stage.assert_counted(&blocks).await;
    assert!(worker.counter("linkpulse_blocks_newer_version_total").await >= 6);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_refuses_does_not_stop_the_others() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        // No value that we know of is refused; this stands for the one that we do not know of.
        sqlx::raw_sql(
            "create function refuse() returns trigger language plpgsql as $$
             begin raise exception 'cursed' using errcode = '22023'; end $$;
             create trigger refuse before insert on clicks for each row
             when (new.code = 'cursed') execute function refuse();",
        )
        .execute(&stage.pool)
        .await
        .unwrap();
        let blocks = plain(3, 5);
        let cursed: Block = sealed(
            new_id(),
            &[
                click(),
                Click {
                    code: "cursed",
                    ..click()
                },
            ],
        );
        stage.send(&blocks[0]).await;
        let entry = stage.send(&cursed).await;
        stage.send(&blocks[1]).await;
        stage.send(&blocks[2]).await;
        let worker = stage.worker("only").await;
        stage.drained_to(0).await;
        assert_eq!(stage.counted().await.blocks, 3);
        assert_eq!(stage.counted().await.rows, 15);
        let dead = stage.dead_letters().await;
        assert_eq!(dead.len(), 1);
        assert_eq!(dead[0].0, entry);
        assert!(dead[0].1.contains("cursed"), "{dead:?}");
        worker.stop().await;
    }
}
