//! The past is labelled anew, also while clicks arrive.

use pipeline::{Error, Progress, audit, reclassify};
use sqlx::AssertSqlSafe;
use time::macros::date;

use crate::blocks::{at, click, link, mixed, new_id, persons, sealed};
use crate::harness::{Counted, Stage, engines, eventually};

/// Persons become programs and programs persons, as a bad classifier of another release might say.
/// Workers are told, so that they count by it.
const MIX_UP: &str = "begin;
    select pg_advisory_xact_lock(x'6c706c61626c'::bigint);
    update user_agents set classifier_version = 0, browser = 'netscape',
        kind = case kind when 'person' then 'scanner' else 'person' end;
    update labels set generation = generation + 1;
    commit";

async fn run(stage: &Stage, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&stage.pool)
        .await
        .unwrap();
}

async fn reclassified(stage: &Stage) -> Vec<Progress> {
    let mut progress = Vec::new();
    let done = reclassify(&stage.pool, None, |step| progress.push(step)).await;
    done.unwrap();
    progress
}

async fn assert_sound(stage: &Stage) {
    assert_eq!(audit(&stage.pool).await.unwrap().findings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_labels_are_corrected_with_all_that_follows_from_them() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let worker = stage.worker("only").await;
        let blocks = mixed(10, 20);
        for block in &blocks {
            stage.send(block).await;
        }
        stage.drained_to(0).await;
        let right = stage.counted().await;
        assert_eq!(right.hourly, persons(&blocks));
        assert_eq!(right.hourly + right.others, 200);

        run(&stage, MIX_UP).await;
        assert!(!audit(&stage.pool).await.unwrap().findings.is_empty());
        let progress = reclassified(&stage).await;
        let labelled = Progress::Labelled {
            agents: 5,
            changed: 5,
        };
        assert_eq!(progress[0], labelled);
        assert_eq!(stage.counted().await, right);
        assert_sound(&stage).await;

        // Once more there is nothing to do.
        let progress = reclassified(&stage).await;
        let idle = |step: &Progress| match step {
            Progress::Labelled { changed, .. } => *changed == 0,
            Progress::Counted { corrected, .. } => *corrected == 0,
        };
        assert!(progress.iter().all(idle), "{progress:?}");
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clicks_that_arrive_meanwhile_are_counted_right() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let blocks = mixed(400, 20);
        let workers = [stage.worker("one").await, stage.worker("two").await];
        let send = async {
            for block in &blocks {
                stage.send(block).await;
            }
        };
        let mix_up_and_correct = async {
            for round in 0..4 {
                let enough = round * 60 + 20;
                eventually("some blocks are counted", || async {
                    stage.counted().await.blocks > enough
                })
                .await;
                run(&stage, MIX_UP).await;
                eventually("some are counted by wrong labels", || async {
                    stage.counted().await.blocks > enough + 20
                })
                .await;
                reclassified(&stage).await;
            }
        };
        tokio::join!(send, mix_up_and_correct);
        stage.drained_to(0).await;
        let counted = stage.counted().await;
        assert_eq!(counted.hourly, persons(&blocks));
        assert_eq!(counted.hourly + counted.others, 8_000);
        assert_sound(&stage).await;
        for worker in workers {
            worker.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_being_counted_by_old_labels_is_waited_for() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let blocks = mixed(4, 20);
        let worker = stage.worker("only").await;
        stage.send(&blocks[0]).await;
        stage.drained_to(0).await;
        worker.stop().await;
        run(&stage, MIX_UP).await;
        let worker = stage.worker("only").await;
        stage.send(&blocks[1]).await;
        stage.drained_to(0).await;
        assert_ne!(stage.counted().await.hourly, persons(&blocks[..2]));
        // The worker looks at the labels, which are wrong, and then cannot go on.
        let mut stuck = stage.pool.begin().await.unwrap();
        sqlx::query("select from link_clicks_hourly for update")
            .execute(&mut *stuck)
            .await
            .unwrap();
        stage.send(&blocks[2]).await;
        let waiting = |event: &'static str| {
            let pool = &stage.pool;
            async move {
                let waiting: i64 = sqlx::query_scalar(
                    "select count(*) from pg_stat_activity where datname = current_database()
                     and wait_event_type = 'Lock' and wait_event = $1",
                )
                .bind(event)
                .fetch_one(pool)
                .await
                .unwrap();
                waiting > 0
            }
        };
        eventually("the worker waits", || waiting("transactionid")).await;
        let release = async {
            eventually("the labels wait for the worker", || waiting("advisory")).await;
            stuck.rollback().await.unwrap();
        };
        tokio::join!(reclassified(&stage), release);
        // From now on it counts by those that are right.
        stage.send(&blocks[3]).await;
        stage.drained_to(0).await;
        assert_eq!(stage.counted().await.hourly, persons(&blocks));
        assert_sound(&stage).await;
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clicks_of_the_first_release_are_moved() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let worker = stage.worker("only").await;
        let clicks = [-1, 0, 1].map(|seconds| contract::Click {
            clicked_at: at(click().clicked_at.as_micros() + seconds),
            ..click()
        });
        stage.send(&sealed(new_id(), &clicks)).await;
        stage.drained_to(0).await;
        // As that release would have left them: a text each, and every one counted as a click.
        run(
            &stage,
            "update clicks set user_agent_id = null, user_agent = case
                 when clicked_at = (select max(clicked_at) from clicks) then 'curl/8.14.1'
                 else 'Mozilla/5.0 (X11; Linux x86_64) Firefox/142.0' end;
             delete from user_agents",
        )
        .await;
        assert_sound(&stage).await;
        let expected = Counted {
            blocks: 1,
            announced: 3,
            rows: 3,
            hourly: 3,
            others: 0,
        };
        assert_eq!(stage.counted().await, expected);

        reclassified(&stage).await;
        let expected = Counted {
            hourly: 2,
            others: 1,
            ..expected
        };
        assert_eq!(stage.counted().await, expected);
        assert_sound(&stage).await;
        let left: i64 = sqlx::query_scalar("select count(user_agent) from clicks")
            .fetch_one(&stage.pool)
            .await
            .unwrap();
        assert_eq!(left, 0);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_asked_for_is_touched() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let worker = stage.worker("only").await;
        let days = [date!(2026 - 02 - 01), date!(2026 - 02 - 02)];
        let clicks = days.map(|day| contract::Click {
            clicked_at: day.midnight().assume_utc().into(),
            ..click()
        });
        stage.send(&sealed(new_id(), &clicks)).await;
        stage.drained_to(0).await;
        worker.stop().await;
        run(&stage, "update link_clicks_hourly set clicks = 5").await;
        let mut progress = Vec::new();
        let since = reclassify(&stage.pool, Some(days[1]), |step| progress.push(step));
        since.await.unwrap();
        let counted = Progress::Counted {
            day: days[1],
            position: 1,
            of: 1,
            corrected: 1,
        };
        assert_eq!(progress[1..], [counted]);
        assert_eq!(stage.counted().await.hourly, 6);

        // What the rows are gone of is all that is left to know.
        run(&stage, "delete from clicks where clicked_at < '2026-02-02'").await;
        reclassified(&stage).await;
        assert_eq!(stage.counted().await.hourly, 6);
        let kept: i64 = sqlx::query_scalar(
            "select clicks from link_clicks_hourly where link_id = $1 order by hour limit 1",
        )
        .bind(link(1).0)
        .fetch_one(&stage.pool)
        .await
        .unwrap();
        assert_eq!(kept, 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_a_time_and_older_ones_are_refused() {
    let stage = Stage::new(engines()[0]).await;
    let mut first = stage.pool.begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock(x'6c707265636c'::bigint)")
        .execute(&mut *first)
        .await
        .unwrap();
    let error = reclassify(&stage.pool, None, |_| {}).await.unwrap_err();
    assert!(matches!(error, Error::AlreadyRunning(_)), "{error}");
    first.rollback().await.unwrap();

    run(
        &stage,
        "insert into user_agents (id, text, kind, device, browser, os, classifier_version)
         values (1, 'x', 'telepathy', 'other', 'other', 'other', 99)",
    )
    .await;
    let error = reclassify(&stage.pool, None, |_| {}).await.unwrap_err();
    assert!(matches!(error, Error::LabelsAreNewer), "{error}");
}
