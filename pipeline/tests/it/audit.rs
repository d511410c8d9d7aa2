//! The comparison of blocks, rows and counts: silent when all is well, and never when it is not.

use pipeline::{Finding, audit};
use sqlx::AssertSqlSafe;

use crate::blocks::{link, mixed};
use crate::harness::{Stage, engines};

/// Counts some blocks, breaks something, and says what was found.
async fn findings(stage: &Stage, damage: &str) -> Vec<Finding> {
    let worker = stage.worker("only").await;
    for block in mixed(3, 20) {
        stage.send(&block).await;
    }
    stage.drained_to(0).await;
    worker.stop().await;
    let before = audit(&stage.pool).await.unwrap();
    assert_eq!(before.findings, []);
    assert_eq!((before.blocks, before.rows), (3, 60));
    sqlx::raw_sql(AssertSqlSafe(damage.to_owned()))
        .execute(&stage.pool)
        .await
        .unwrap();
    audit(&stage.pool).await.unwrap().findings
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_missing_are_noticed() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let found = findings(
            &stage,
            "delete from clicks where request_id = (select request_id from clicks limit 1)",
        )
        .await;
        let rows = Finding::Rows {
            announced: 60,
            found: 59,
        };
        assert_eq!(found[0], rows);
        assert!(
            matches!(found[1], Finding::Day { wrong: 1, .. }),
            "{found:?}"
        );
        assert_eq!(found.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_is_wrong_is_named() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let found = findings(
            &stage,
            "insert into link_clicks_hourly (link_id, hour, clicks, other_hits)
             values ('00000000-0000-0000-0000-000000000003', '2026-02-03 04:00Z', 7, 8)",
        )
        .await;
        let text = found[0].to_string();
        let expected = format!(
            "2026-02-03: wrong counts: 1, such as: {} at 04:00 has 7 clicks and 8 other hits, its rows \
             are 0 and 0",
            link(3)
        );
        assert_eq!(text, expected);
        assert_eq!(found.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_that_cancel_each_other_out_are_noticed() {
    let stage = Stage::new(engines()[0]).await;
    let found = findings(
        &stage,
        "update link_clicks_hourly set clicks = clicks + 1 where link_id = (
             select min(link_id::text)::uuid from link_clicks_hourly);
         update link_clicks_hourly set clicks = clicks - 1 where link_id = (
             select max(link_id::text)::uuid from link_clicks_hourly)",
    )
    .await;
    assert!(!found.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_click_that_was_none_is_noticed() {
    let stage = Stage::new(engines()[0]).await;
    let found = findings(
        &stage,
        "update link_clicks_hourly set last_clicked_at = last_clicked_at + interval '1 second'
         where (link_id, hour) = (
             select link_id, hour from link_clicks_hourly
             where clicks > 0 order by hour desc, link_id limit 1)",
    )
    .await;
    let [Finding::Day { wrong: 1, .. }] = found[..] else {
        panic!("{found:?}");
    };
    assert!(found[0].to_string().ends_with("another last click"));
}

#[tokio::test(flavor = "multi_thread")]
async fn user_agents_that_are_gone_or_of_another_release_are_noticed() {
    let stage = Stage::new(engines()[0]).await;
    let found = findings(
        &stage,
        "delete from user_agents where kind = 'scanner';
         update user_agents set classifier_version = 0 where kind = 'preview_fetch'",
    )
    .await;
    // A scanner's hit and that of nobody are both no click, so the counts agree.
    let expected = [
        Finding::UnknownAgents { clicks: 12 },
        Finding::OtherClassifier { agents: 1 },
    ];
    assert_eq!(found, expected);
}
