//! What proxies count while they have no room for clicks.

use contract::{
    Block, BlockId, Clock, Count, Gap, LinkId, SegmentId, SystemClock, Tally, Timestamp,
};
use pipeline::{audit, reclassify};
use uuid::Uuid;

use crate::blocks::mixed;
use crate::harness::{Stage, engines, eventually};

/// This minute, so that there are rows of the same day.
fn minute() -> i64 {
    let now = SystemClock.now().as_micros();
    now - now.rem_euclid(contract::count::MINUTE)
}

fn id(number: u64) -> BlockId {
    BlockId {
        segment: SegmentId([0x77; 16]),
        number,
    }
}

fn tally(clicks: u32, other_hits: u32) -> Count {
    Count::Tally(Tally {
        link_id: LinkId(Uuid::from_u128(99)),
        minute: Timestamp::from_micros(minute()),
        clicks,
        other_hits,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_without_rows_are_counted_once_and_gaps_are_kept() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let worker = stage.worker("only").await;
        let gap = Count::Gap(Gap {
            from: Timestamp::from_micros(minute()),
            until: Timestamp::from_micros(minute() + 5_000_000),
            hits: 1_234,
        });
        let counts = [
            Block::of_counts(id(0), &[tally(7, 3), tally(1, 0)]),
            Block::of_counts(id(1), &[tally(2, 1), gap]),
        ];
        for block in counts.iter().chain(&counts).chain(&mixed(2, 20)) {
            stage.send(block).await;
        }
        stage.drained_to(0).await;

        let hourly = async || {
            let row: Option<(i64, i64)> = sqlx::query_as(
                "select clicks, other_hits from link_clicks_hourly where link_id = $1",
            )
            .bind(Uuid::from_u128(99))
            .fetch_optional(&stage.pool)
            .await
            .unwrap();
            row
        };
        assert_eq!(hourly().await, Some((10, 4)));
        let gaps: Vec<(i64, i64)> = sqlx::query_as(
            "select hits, extract(epoch from until_at - from_at)::bigint from click_gaps",
        )
        .fetch_all(&stage.pool)
        .await
        .unwrap();
        assert_eq!(gaps, [(1_234, 5)]);
        let audited = audit(&stage.pool).await.unwrap();
        assert_eq!(audited.findings, []);
        assert_eq!((audited.blocks, audited.rows), (4, 40));

        // Tallies are not forgotten when counts are made anew from rows.
        sqlx::query("update link_clicks_hourly set clicks = clicks + 5, last_clicked_at = now()")
            .execute(&stage.pool)
            .await
            .unwrap();
        reclassify(&stage.pool, None, |_| {}).await.unwrap();
        eventually("counts are right again", async || {
            hourly().await == Some((10, 4))
        })
        .await;
        assert_eq!(audit(&stage.pool).await.unwrap().findings, []);
        worker.stop().await;
    }
}
