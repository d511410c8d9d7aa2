//! What was given up comes back.

use std::time::Duration;

use contract::block::FIELDS;
use pipeline::dead_letter::{Fate, Letter, replay};
use pipeline::{Error, audit};
use sqlx::AssertSqlSafe;

use crate::blocks::{click, plain, sealed};
use crate::harness::{Stage, engines, eventually};

/// What a database refuses until somebody mends it.
const CURSE: &str = "create function refuse() returns trigger language plpgsql as $$
     begin raise exception 'cursed' using errcode = '22023'; end $$;
     create trigger refuse before insert on clicks for each row
     when (new.code = 'abc') execute function refuse()";

async fn run(stage: &Stage, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&stage.pool)
        .await
        .unwrap();
}

async fn letters(stage: &Stage) -> Vec<Letter> {
    let mut letters = Vec::new();
    for summary in Letter::list(&stage.pool).await.unwrap() {
        let letter = Letter::find(&stage.pool, &summary.stream, &summary.stream_id).await;
        letters.push(letter.unwrap().unwrap());
    }
    letters
}

async fn fate(stage: &Stage, letter: &Letter, seconds: u64) -> pipeline::Result<Fate> {
    let patience = Duration::from_secs(seconds);
    replay(&stage.pool, &mut stage.redis().await, letter, patience).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_refused_is_counted_when_it_is_mended() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let blocks = plain(2, 5);
        let worker = stage.worker("only").await;
        worker.ready().await;
        run(&stage, CURSE).await;
        for block in &blocks {
            stage.send(block).await;
        }
        stage.drained_to(0).await;
        let dead = letters(&stage).await;
        assert_eq!(dead.len(), 2);
        assert_eq!(dead[0].block().unwrap(), blocks[0]);

        // Too early: it comes again, and is the same letter, not a second one.
        let soon = fate(&stage, &dead[0], 0).await.unwrap();
        assert!(matches!(soon, Fate::Sent), "{soon:?}");
        assert_eq!(letters(&stage).await.len(), 2, "kept until it is counted");
        eventually("it was given up again", || async {
            let again = &letters(&stage).await[0].summary;
            again.last_seen > again.first_seen
        })
        .await;
        stage.drained_to(0).await;
        assert_eq!(letters(&stage).await.len(), 2);

        run(&stage, "drop trigger refuse on clicks").await;
        for letter in &dead {
            let fate = fate(&stage, letter, 30).await.unwrap();
            assert!(matches!(fate, Fate::Counted { clicks: 5 }), "{fate:?}");
        }
        stage.drained_to(0).await;
        stage.assert_counted(&blocks).await;
        assert_eq!(audit(&stage.pool).await.unwrap().findings, []);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_and_counted_before_a_crash_is_only_removed() {
    let stage = Stage::new(engines()[0]).await;
    let blocks = plain(1, 5);
    let worker = stage.worker("only").await;
    worker.ready().await;
    run(&stage, CURSE).await;
    stage.send(&blocks[0]).await;
    stage.drained_to(0).await;
    run(&stage, "drop trigger refuse on clicks").await;
    // The replay that crashed.
    stage.send(&blocks[0]).await;
    stage.drained_to(0).await;

    let dead = letters(&stage).await;
    let fate = fate(&stage, &dead[0], 0).await.unwrap();
    assert!(matches!(fate, Fate::CountedBefore), "{fate:?}");
    assert_eq!(stage.waiting().await, 0, "nothing was sent");
    stage.assert_counted(&blocks).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_be_counted_is_not_sent() {
    let stage = Stage::new(engines()[0]).await;
    let blocks = plain(1, 5);
    let worker = stage.worker("only").await;
    let mut damaged = blocks[0].to_fields();
    damaged[5][20] ^= 1;
    stage.add(&FIELDS.map(str::as_bytes), &damaged).await;
    stage.drained_to(0).await;
    let dead = letters(&stage).await;
    let unreadable = fate(&stage, &dead[0], 0).await.unwrap();
    assert!(matches!(unreadable, Fate::Unreadable(_)), "{unreadable:?}");

    // The name is another's by now.
    run(&stage, "delete from dead_letters").await;
    run(&stage, CURSE).await;
    stage.send(&sealed(blocks[0].id, &[click()])).await;
    stage.drained_to(0).await;
    run(&stage, "drop trigger refuse on clicks").await;
    stage.send(&blocks[0]).await;
    stage.drained_to(0).await;
    let dead = letters(&stage).await;
    let conflict = fate(&stage, &dead[0], 0).await.unwrap();
    assert!(matches!(conflict, Fate::Conflict), "{conflict:?}");
    assert_eq!(stage.waiting().await, 0, "nothing was sent");
    assert_eq!(letters(&stage).await.len(), 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_nobody_reads_is_not_made() {
    let stage = Stage::new(engines()[0]).await;
    let blocks = plain(1, 5);
    let fields = FIELDS.iter().zip(blocks[0].to_fields());
    let fields: Vec<Vec<u8>> = fields
        .flat_map(|(name, value)| [name.as_bytes().to_vec(), value])
        .collect();
    sqlx::query("insert into dead_letters values ($1, '1-0', $2, 'why', 5)")
        .bind(stage.key())
        .bind(fields)
        .execute(&stage.pool)
        .await
        .unwrap();
    let dead = letters(&stage).await;
    let error = fate(&stage, &dead[0], 0).await.unwrap_err();
    assert!(matches!(error, Error::NoSuchStream(_)), "{error}");
    assert_eq!(letters(&stage).await.len(), 1);
}
