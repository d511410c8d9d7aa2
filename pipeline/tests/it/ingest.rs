//! Blocks become rows and counts, on each engine.

use contract::{Click, Method};
use pipeline::Config;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::blocks::{at, click, link, new_id, plain, sealed};
use crate::harness::{Counted, Stage, Worker, engines};

/// Hour, clicks, other hits, last click.
type HourRow = (OffsetDateTime, i64, i64, Option<OffsetDateTime>);

#[tokio::test(flavor = "multi_thread")]
async fn every_hit_becomes_a_row_and_clicks_are_counted() {
    let noon = contract::Timestamp::from(datetime!(2026-11-22 12:00 UTC)).as_micros();
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let block = sealed(
            new_id(),
            &[
                Click {
                    clicked_at: at(noon + 5),
                    variant: 2,
                    rule: 3,
                    ..click()
                },
                Click {
                    clicked_at: at(noon - 1),
                    is_qr: true,
                    query: "via=qr",
                    ..click()
                },
                Click {
                    clicked_at: at(noon + 9),
                    method: Method::Head,
                    ..click()
                },
                Click {
                    clicked_at: at(noon + 9),
                    is_prefetch: true,
                    ..click()
                },
                Click {
                    clicked_at: at(noon + 8),
                    user_agent: "curl/8.14.1",
                    ..click()
                },
                Click {
                    clicked_at: at(noon + 8),
                    user_agent: "WhatsApp/2.24.8.85 A",
                    ..click()
                },
                Click {
                    clicked_at: at(noon + 2 * 3_600_000_000),
                    user_agent: "Mozilla/5.0 zgrab/0.x",
                    ..click()
                },
                Click {
                    clicked_at: at(noon + 9),
                    link_id: None,
                    status: 404,
                    code: "nowhere",
                    ..click()
                },
                Click {
                    clicked_at: at(noon + 7),
                    visitor: None,
                    is_do_not_track: true,
                    country: None,
                    city: "",
                    user_agent: "Mozilla/5.0\0 (X11; Linux x86_64) Firefox/142.0",
                    ..click()
                },
            ],
        );
        // Sent before the first worker starts: nothing may be missed.
        stage.send(&block).await;
        let worker = stage.worker("only").await;
        stage.drained_to(0).await;

        let rows: Vec<String> = sqlx::query_scalar(
            "select row(kind, clicked_at at time zone 'utc', status, link_id is not null,
                        encode(visitor, 'hex'), is_do_not_track, is_qr, variant, rule,
                        country, city, domain, code, split_part(user_agent, ' ', 1), referrer,
                        language, query, browser, os, device)::text
             from classified_clicks order by kind, clicked_at",
        )
        .fetch_all(&stage.pool)
        .await
        .unwrap();
        insta::allow_duplicates! {
            insta::assert_snapshot!(rows.join("\n"), @r#"
            (bot,"2026-11-22 12:00:00.000008",302,t,09090909090909090909090909090909,f,f,0,0,NZ,Wellington,localhost,abc,curl/8.14.1,https://example.org/,"en-NZ,en;q=0.5","",other,other,other)
            (click,"2026-11-22 11:59:59.999999",302,t,09090909090909090909090909090909,f,t,0,0,NZ,Wellington,localhost,abc,Mozilla/5.0,https://example.org/,"en-NZ,en;q=0.5",via=qr,firefox,linux,desktop)
            (click,"2026-11-22 12:00:00.000005",302,t,09090909090909090909090909090909,f,f,2,3,NZ,Wellington,localhost,abc,Mozilla/5.0,https://example.org/,"en-NZ,en;q=0.5","",firefox,linux,desktop)
            (click,"2026-11-22 12:00:00.000007",302,t,,t,f,0,0,,,localhost,abc,Mozilla/5.0�,https://example.org/,"en-NZ,en;q=0.5","",firefox,linux,desktop)
            (click,"2026-11-22 12:00:00.000009",404,f,09090909090909090909090909090909,f,f,0,0,NZ,Wellington,localhost,nowhere,Mozilla/5.0,https://example.org/,"en-NZ,en;q=0.5","",firefox,linux,desktop)
            (head,"2026-11-22 12:00:00.000009",302,t,09090909090909090909090909090909,f,f,0,0,NZ,Wellington,localhost,abc,Mozilla/5.0,https://example.org/,"en-NZ,en;q=0.5","",firefox,linux,desktop)
            (prefetch,"2026-11-22 12:00:00.000009",302,t,09090909090909090909090909090909,f,f,0,0,NZ,Wellington,localhost,abc,Mozilla/5.0,https://example.org/,"en-NZ,en;q=0.5","",firefox,linux,desktop)
            (preview,"2026-11-22 12:00:00.000008",302,t,09090909090909090909090909090909,f,f,0,0,NZ,Wellington,localhost,abc,WhatsApp/2.24.8.85,https://example.org/,"en-NZ,en;q=0.5","",other,other,other)
            (scanner,"2026-11-22 14:00:00",302,t,09090909090909090909090909090909,f,f,0,0,NZ,Wellington,localhost,abc,Mozilla/5.0,https://example.org/,"en-NZ,en;q=0.5","",other,other,other)
            "#);
        }

        let hours: Vec<HourRow> = sqlx::query_as(
            "select hour, clicks, other_hits, last_clicked_at from link_clicks_hourly
             where link_id = $1 order by hour",
        )
        .bind(link(1).0)
        .fetch_all(&stage.pool)
        .await
        .unwrap();
        let moment = |micros| at(micros).to_datetime().unwrap();
        let hour = 3_600_000_000;
        let expected = [
            (moment(noon - hour), 1, 0, Some(moment(noon - 1))),
            (moment(noon), 2, 4, Some(moment(noon + 7))),
            (moment(noon + 2 * hour), 0, 1, None),
        ];
        assert_eq!(hours, expected);
        assert_eq!(stage.pending().await, []);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_sent_twice_counts_once() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let blocks = plain(3, 20);
        // Twice in one batch, and once more when the first is long committed.
        stage.send(&blocks[0]).await;
        stage.send(&blocks[0]).await;
        stage.send(&blocks[1]).await;
        let worker = stage.worker("only").await;
        stage.drained_to(0).await;
        stage.send(&blocks[1]).await;
        stage.send(&blocks[2]).await;
        stage.drained_to(0).await;
        stage.assert_counted(&blocks).await;
        assert!(worker.counter("linkpulse_blocks_duplicate_total").await >= 2);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_count_500_blocks_with_duplicates_once() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let blocks = plain(500, 20);
        let workers = [stage.worker("one").await, stage.worker("two").await];
        for (index, block) in blocks.iter().enumerate() {
            stage.send(block).await;
            if index % 3 == 0 {
                // An old one again: most likely the other worker has it, perhaps just now.
                stage.send(&blocks[index - index % 7]).await;
            }
        }
        stage.drained_to(0).await;
        stage.assert_counted(&blocks).await;
        for worker in workers {
            worker.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_costs_no_click() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let moments = [
            datetime!(1970-01-01 0:00 UTC),
            datetime!(2024-02-29 23:59:59.999999 UTC),
            datetime!(2038-01-19 3:14:08 UTC),
            datetime!(9999-12-31 23:59:59.999999 UTC),
        ];
        let clicks = moments.map(|moment| Click {
            clicked_at: moment.into(),
            ..click()
        });
        stage.send(&sealed(new_id(), &clicks)).await;
        // Two workers that need the same partitions at the same time.
        stage.send(&sealed(new_id(), &clicks)).await;
        let mut config = stage.config("one");
        config.batch_blocks = 1;
        let one = Worker::start(config.clone()).await;
        let two = Worker::start(Config {
            consumer: "two".into(),
            ..config
        })
        .await;
        stage.drained_to(0).await;
        let expected = Counted {
            blocks: 2,
            announced: 8,
            rows: 8,
            hourly: 8,
            others: 0,
        };
        assert_eq!(stage.counted().await, expected);
        one.stop().await;
        two.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_waited_for_also_where_the_server_would_not() {
    let stage = Stage::new(engines()[0]).await;
    sqlx::raw_sql(
        "do $$ begin
             execute format('alter database %I set synchronous_commit = off', current_database());
         end $$;
         create table witness (setting text);
         create function testify() returns trigger language plpgsql as $$
         begin insert into witness values (current_setting('synchronous_commit')); return new; end $$;
         create trigger testify before insert on ingested_blocks
         for each row execute function testify();",
    )
    .execute(&stage.pool)
    .await
    .unwrap();
    stage.send(&plain(1, 1)[0]).await;
    let worker = stage.worker("only").await;
    stage.drained_to(0).await;
    let setting: String = sqlx::query_scalar("select setting from witness")
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    assert_eq!(setting, "on");
    worker.stop().await;
}
