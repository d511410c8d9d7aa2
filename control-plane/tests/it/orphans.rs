//! Codes that were asked for and do not exist.

use serde_json::{Value, json};

use crate::harness::{App, answer};

/// A hit on a code without a link, as the pipeline writes it.
async fn add_hits(app: &App, domain: &str, code: &str, hits: i32, at: &str) {
    sqlx::query("create table if not exists clicks_any partition of clicks default")
        .execute(&app.pool)
        .await
        .unwrap();
    let insert = "insert into clicks (clicked_at, request_id, domain, code, kind, status,
                      is_do_not_track, is_qr, variant, rule, user_agent, referrer, language, query)
                  select $4::text::timestamptz + number * interval '1 second', gen_random_uuid(),
                      $1, $2, 'click', 404, false, false, 0, 0, '', '', '', ''
                  from generate_series(0, $3 - 1) as number";
    sqlx::query(insert)
        .bind(domain)
        .bind(code)
        .bind(hits)
        .bind(at)
        .execute(&app.pool)
        .await
        .unwrap();
}

fn codes(page: &Value) -> Vec<(&str, i64)> {
    let orphans = page["data"].as_array().unwrap().iter();
    orphans
        .map(|orphan| {
            let code = orphan["code"].as_str().unwrap();
            (code, orphan["hits"].as_i64().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn codes_that_do_not_exist_are_shown_with_how_often_they_were_asked_for() {
    let app = App::start().await;
    let own = "go.example.org";
    add_hits(&app, own, "spring-42", 3, "2026-11-22T08:00:00Z").await;
    add_hits(&app, own, "spring-42", 2, "2026-10-25T08:00:00Z").await;
    add_hits(&app, own, "spring-42", 9, "2026-10-01T08:00:00Z").await;
    add_hits(&app, own, "wp-login", 5, "2026-11-20T08:00:00Z").await;
    add_hits(&app, own, "later", 1, "2026-11-20T08:00:00Z").await;
    add_hits(&app, "else.example", "theirs", 7, "2026-11-20T08:00:00Z").await;
    let link = app.link("later").await;

    let list = app.get("/api/v1/orphans").await;
    assert_eq!(
        list.body["data"],
        json!([
            {
                "domain": own, "code": "spring-42", "hits": 5, "link_id": null,
                "first_seen_at": "2026-10-25T08:00:00Z", "last_seen_at": "2026-11-22T08:00:02Z",
            },
            {
                "domain": own, "code": "wp-login", "hits": 5, "link_id": null,
                "first_seen_at": "2026-11-20T08:00:00Z", "last_seen_at": "2026-11-20T08:00:04Z",
            },
            {
                "domain": own, "code": "later", "hits": 1, "link_id": link["id"],
                "first_seen_at": "2026-11-20T08:00:00Z", "last_seen_at": "2026-11-20T08:00:00Z",
            },
        ])
    );
    let searched = app.get("/api/v1/orphans?q=PRING").await.body;
    assert_eq!(codes(&searched), [("spring-42", 5)]);
    for (query, status) in [
        ("domain=go.example.org", 200),
        ("domain=else.example", 404),
        ("domain=%F0", 404),
        ("limit=0", 422),
        ("q=%00", 422),
        ("sort=code", 422),
        ("cursor=AAAA", 400),
    ] {
        let answer = app.get(&format!("/api/v1/orphans?{query}")).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.body);
    }
}

#[tokio::test]
async fn pages_of_orphans_show_each_code_once() {
    let app = App::start().await;
    for (code, hits) in [("a", 2), ("b", 2), ("c", 2), ("d", 3), ("e", 1)] {
        add_hits(&app, "go.example.org", code, hits, "2026-11-21T00:00:00Z").await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/orphans?limit=2".to_owned();
    loop {
        let page = app.get(&path).await.body;
        seen.extend(codes(&page).iter().map(|(code, _)| (*code).to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/orphans?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, ["d", "a", "b", "c", "e"]);
    let other = path.replace("limit=2", "q=a");
    let refused = app.get(&other).await;
    assert_eq!(
        refused.status, 400,
        "a place in one list means nothing in another"
    );
}

#[tokio::test]
async fn another_workspace_sees_no_orphans() {
    let app = App::start().await;
    add_hits(&app, "go.example.org", "ours", 2, "2026-11-21T00:00:00Z").await;
    let foreign = app.foreign_key().await;
    let request = app.request(reqwest::Method::GET, "/api/v1/orphans");
    let list = answer(request.bearer_auth(&foreign)).await;
    assert_eq!(list.body["data"], json!([]));
}

#[tokio::test]
async fn without_statistics_there_is_a_503() {
    let app = App::start_without_statistics().await;
    assert_eq!(app.get("/api/v1/orphans").await.status, 503);
}
