//! What is told when the database breaks off in the middle.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{App, eventually};

/// From now on this happens whenever a link is made that has the word as its title.
async fn at_each_link(app: &App, when: &str, title: &str, happens: &str) {
    let statement = format!(
        "create function happen() returns trigger language plpgsql as $$
         begin {happens}; return new; end $$;
         create constraint trigger happen after insert on links {when}
         for each row when (new.title = '{title}') execute function happen()"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&app.pool)
        .await
        .unwrap();
}

fn titled(title: &str) -> Value {
    json!({ "original_url": "https://example.com/", "title": title })
}

#[tokio::test]
async fn a_connection_that_is_lost_at_the_commit_leaves_the_outcome_unknown() {
    let app = App::start().await;
    let at_the_end = "deferrable initially deferred";
    at_each_link(&app, at_the_end, "slow", "perform pg_sleep(60)").await;
    let lose = async {
        let lost = async || {
            let lost: Option<bool> = sqlx::query_scalar(
                "select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and wait_event = 'PgSleep'",
            )
            .fetch_optional(&app.pool)
            .await
            .unwrap();
            lost.map(drop)
        };
        eventually("it commits", lost).await;
    };
    let (answer, ()) = tokio::join!(app.create_link(titled("slow")), lose);
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (504, &json!("outcome_unknown")),
        "{}",
        answer.body
    );
    // The next one is made.
    assert_eq!(app.create_link(titled("quick")).await.status, 201);
}

#[tokio::test]
async fn whoever_waited_in_a_circle_is_told_to_try_again() {
    let app = App::start().await;
    let deadlock = "raise exception 'deadlock detected' using errcode = 'deadlock_detected'";
    at_each_link(&app, "", "circle", deadlock).await;
    let answer = app.create_link(titled("circle")).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (503, &json!("timed_out"))
    );
    assert_eq!(answer.headers["retry-after"], "1");
}

#[tokio::test]
async fn what_breaks_one_link_breaks_no_other_that_is_made_with_it() {
    let app = App::start().await;
    at_each_link(&app, "", "broken", "raise exception 'broken'").await;
    let made = (0..20).map(|number| {
        let title = match number {
            10 => "broken",
            _ => "whole",
        };
        let request = app.request(Method::POST, "/api/v1/links");
        let request = request.bearer_auth(&app.key).json(&titled(title));
        async { request.send().await.unwrap().status().as_u16() }
    });
    let statuses = join_all(made).await;
    let mut expected = [201; 20];
    expected[10] = 500;
    assert_eq!(statuses, expected);
}
