//! Several at the same time, and as many as there can be.

use futures_util::StreamExt;
use serde_json::{Value, json};

use super::{changes, make, post, row};
use crate::harness::{App, eventually};

#[tokio::test]
async fn bulk_and_single_writes_at_once_leave_no_gap_and_no_double_code() {
    let app = App::start().await;
    let rows = |from: usize| -> Value {
        (from..from + 40)
            .map(|number| row(&format!("code-{number}")))
            .collect()
    };
    // Six at a time: a pool has eight connections.
    let bulks = (0..6).map(|number| make(&app, rows(number * 20)));
    let singles = (0..40).map(|number| app.create_link(row(&format!("code-{}", number * 4))));
    let bulks = futures_util::stream::iter(bulks)
        .buffer_unordered(2)
        .collect::<Vec<_>>();
    let singles = futures_util::stream::iter(singles)
        .buffer_unordered(4)
        .collect::<Vec<_>>();
    let (bulks, singles) = tokio::join!(bulks, singles);
    for answer in bulks.iter().chain(&singles) {
        assert!([200, 201, 409].contains(&answer.status), "{answer:?}");
    }
    let made: u64 = bulks
        .iter()
        .map(|answer| answer.body["done"].as_u64().unwrap())
        .sum();
    let alone = singles.iter().filter(|answer| answer.status == 201).count() as u64;
    let logged = changes(&app).await;
    let numbers: Vec<i64> = logged.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, (1..=(made + alone) as i64).collect::<Vec<_>>());
    let mut codes: Vec<_> = logged.into_iter().map(|(_, code)| code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len() as u64, made + alone);
}

#[tokio::test]
async fn whoever_wants_one_name_and_whoever_wants_many_never_wait_in_a_circle() {
    let app = App::start().await;
    // Who makes one link stands still behind its row and before the logs.
    sqlx::raw_sql(
        "create function stand_still() returns trigger language plpgsql as $$
         begin perform pg_sleep(1); return new; end $$;
         create trigger stand_still after insert on links for each row
         when (new.title = 'slow') execute function stand_still()",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    let slow = json!({ "original_url": "https://example.com/", "code": "wanted", "title": "slow" });
    let many = async {
        let stands_still = async || {
            let count: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity
                 where datname = current_database() and wait_event = 'PgSleep'",
            )
            .fetch_one(&app.pool)
            .await
            .unwrap();
            (count > 0).then_some(())
        };
        eventually("the row is there", stands_still).await;
        make(&app, json!([row("free"), row("wanted")])).await
    };
    let (one, many) = tokio::join!(app.create_link(slow), many);
    assert_eq!(
        (one.status, many.status),
        (201, 200),
        "{} {}",
        one.body,
        many.body
    );
    assert_eq!(many.body["results"][1]["problem"]["code"], "code_taken");
}

#[tokio::test]
async fn ten_thousand_links_are_made_edited_and_deleted_in_one_request_each() {
    let app = App::start().await;
    let rows: Value = (0..10_000)
        .map(|number| {
            json!({
                "original_url": format!("https://example.com/products/{number}?utm_source=print"),
                "title": format!("Product {number}"), "tags": ["print", "bulk"],
            })
        })
        .collect();
    let begin = std::time::Instant::now();
    let made = make(&app, rows).await;
    eprintln!("made in {:?}", begin.elapsed());
    assert_eq!((made.status, &made.body["done"]), (200, &json!(10_000)));
    let by_tag = json!({ "filter": { "any_tag": "bulk" } });
    // Each connection of the pool has changed one link before: plans are kept from then.
    let one_more = app.link("one-more").await;
    let titles = (0..8)
        .map(|number| app.patch_link(&one_more["id"], json!({ "title": format!("{number}") })));
    for one in futures_util::future::join_all(titles).await {
        assert_eq!(one.status, 200, "{}", one.body);
    }
    let begin = std::time::Instant::now();
    let edit =
        json!({ "select": by_tag, "change": { "original_url": "https://example.com/sale" } });
    let edited = post(&app, "/edit", edit).await;
    eprintln!("edited in {:?}", begin.elapsed());
    assert_eq!(edited.body["done"], 10_000);
    let tag =
        json!({ "select": { "ids": [made.body["results"][0]["id"]] }, "remove_tags": ["bulk"] });
    post(&app, "/edit", tag).await;
    let begin = std::time::Instant::now();
    let deleted = post(&app, "/delete", json!({ "select": by_tag })).await;
    eprintln!("deleted in {:?}", begin.elapsed());
    assert_eq!(deleted.body["done"], 9_999);
    let numbers: (i64, i64) = sqlx::query_as("select count(*), max(seq) from link_changes")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(numbers, (30_009, 30_009));
}
