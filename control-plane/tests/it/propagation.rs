//! `?wait`, with proxies that only report.

use std::time::{Duration, Instant};

use contract::{ProxyReport, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, App, eventually, link_path};

/// A proxy, as far as the control plane can see.
#[derive(Clone)]
struct Edge {
    report: ProxyReport,
}

impl Edge {
    async fn start(app: &App, name: &str, started_at: i64) -> Self {
        let epoch = sqlx::query_scalar("select epoch from link_changes_head")
            .fetch_one(&app.pool)
            .await
            .unwrap();
        let report = ProxyReport {
            id: Uuid::now_v7(),
            name: name.into(),
            version: "0.1.0".into(),
            started_at: Timestamp::from_micros(started_at),
            epoch: Some(epoch),
            applied: 0,
            max_stale_seconds: 86_400,
        };
        let edge = Self { report };
        edge.applies(app, 0).await;
        edge
    }

    async fn applies(&self, app: &App, seq: u64) {
        let report = ProxyReport {
            applied: seq,
            ..self.report.clone()
        };
        self.sends(app, &report).await;
    }

    async fn sends(&self, app: &App, report: &ProxyReport) {
        let sent = app.internal(Method::POST, "/internal/proxies", report.encode());
        assert_eq!(sent.await.0, 204);
    }

    async fn says_goodbye(&self, app: &App) {
        let path = format!("/internal/proxies/{}", self.report.id);
        let sent = app.internal(Method::DELETE, &path, String::new());
        assert_eq!(sent.await.0, 204);
    }

    /// As if nothing had been heard of it for so long.
    async fn is_silent_for(&self, app: &App, seconds: i32) {
        let update =
            "update proxies set last_seen_at = clock_timestamp() - make_interval(secs => $2)
                      where id = $1";
        sqlx::query(update)
            .bind(self.report.id)
            .bind(f64::from(seconds))
            .execute(&app.pool)
            .await
            .unwrap();
    }
}

async fn edit(app: &App, link: &Value, wait: &str) -> Answer {
    let path = format!("{}?wait={wait}", link_path(&link["id"]));
    app.call(Method::PATCH, &path, Some(json!({ "title": "edited" })))
        .await
}

/// Who has applied the change, by name.
fn outcome(answer: &Answer) -> (bool, Vec<(String, bool)>) {
    let propagation = &answer.body["propagation"];
    let proxy = |proxy: &Value| {
        let name = proxy["name"].as_str().unwrap().to_owned();
        (name, proxy["applied"].as_bool().unwrap())
    };
    let proxies = propagation["proxies"].as_array().unwrap();
    (
        propagation["applied"].as_bool().unwrap(),
        proxies.iter().map(proxy).collect(),
    )
}

fn named(names: &[(&str, bool)]) -> Vec<(String, bool)> {
    let name = |(name, applied): &(&str, bool)| (name.to_string(), *applied);
    names.iter().map(name).collect()
}

#[tokio::test]
async fn the_answer_comes_when_all_proxies_have_applied_the_edit() {
    let app = App::start().await;
    let link = app.link("waited-for").await;
    assert_eq!(link["propagation"], Value::Null, "only if asked for");
    let one = Edge::start(&app, "one", 1).await;
    let other = Edge::start(&app, "other", 1).await;
    let begin = Instant::now();
    let (edited, ()) = tokio::join!(edit(&app, &link, "10s"), async {
        let is_written = async || {
            let revision: i64 = sqlx::query_scalar("select seq from link_changes_head")
                .fetch_one(&app.pool)
                .await
                .unwrap();
            (revision == 2).then_some(())
        };
        eventually("it is written", is_written).await;
        one.applies(&app, 2).await;
        other.applies(&app, 7).await;
    });
    assert!(begin.elapsed() < Duration::from_secs(10), "all of it");
    assert_eq!(edited.status, 200);
    assert_eq!(edited.body["title"], "edited");
    assert_eq!(edited.body["propagation"]["revision"], 2);
    let read = app.get(&link_path(&link["id"])).await;
    assert_eq!(edited.headers["etag"], read.headers["etag"]);
    let everybody = named(&[("one", true), ("other", true)]);
    assert_eq!(outcome(&edited), (true, everybody));
}

#[tokio::test]
async fn who_has_not_applied_it_is_named_when_the_time_is_up() {
    let app = App::start().await;
    let link = app.link("slow").await;
    let quick = Edge::start(&app, "quick", 1).await;
    quick.applies(&app, 2).await;
    let slow = Edge::start(&app, "slow", 1).await;
    let elsewhere = Edge::start(&app, "strayed", 1).await;
    let of_another_database = ProxyReport {
        epoch: Some(Uuid::now_v7()),
        applied: 99,
        ..elsewhere.report.clone()
    };
    elsewhere.sends(&app, &of_another_database).await;
    let begin = Instant::now();
    let edited = edit(&app, &link, "300ms").await;
    assert!(begin.elapsed() >= Duration::from_millis(300));
    let all = named(&[("quick", true), ("slow", false), ("strayed", false)]);
    assert_eq!(outcome(&edited), (false, all));

    // Who is gone is not waited for, and not missed.
    slow.says_goodbye(&app).await;
    elsewhere.says_goodbye(&app).await;
    quick.applies(&app, 3).await;
    let edited = edit(&app, &link, "10s").await;
    assert_eq!(outcome(&edited), (true, named(&[("quick", true)])));
}

#[tokio::test]
async fn a_silent_proxy_is_not_waited_for_but_not_forgotten_either() {
    let app = App::start().await;
    let link = app.link("cut-off").await;
    let old = Edge::start(&app, "edge", 1).await;
    old.is_silent_for(&app, 60).await;
    let begin = Instant::now();
    let edited = edit(&app, &link, "10s").await;
    assert!(begin.elapsed() < Duration::from_secs(10), "waited for");
    assert_eq!(outcome(&edited), (false, named(&[("edge", false)])));
    let silence = &edited.body["propagation"]["proxies"][0]["silent_seconds"];
    assert!((60..120).contains(&silence.as_u64().unwrap()), "{silence}");

    // Started again under its name: the old run is over.
    let new = Edge::start(&app, "edge", 2).await;
    new.applies(&app, 3).await;
    let edited = edit(&app, &link, "10s").await;
    assert_eq!(outcome(&edited), (true, named(&[("edge", true)])));

    // After a day it serves nothing any more.
    new.is_silent_for(&app, 86_401).await;
    let edited = edit(&app, &link, "1s").await;
    assert_eq!(outcome(&edited), (true, Vec::new()));
}

#[tokio::test]
async fn two_proxies_of_one_name_are_both_asked_as_long_as_both_speak() {
    let app = App::start().await;
    let link = app.link("twins").await;
    let older = Edge::start(&app, "edge", 1).await;
    let newer = Edge::start(&app, "edge", 2).await;
    newer.applies(&app, 2).await;
    older.applies(&app, 1).await;
    newer.applies(&app, 2).await;
    let edited = edit(&app, &link, "100ms").await;
    let both = named(&[("edge", false), ("edge", true)]);
    assert_eq!(outcome(&edited), (false, both));
}

#[tokio::test]
async fn creating_and_deleting_can_be_waited_for_too() {
    let app = App::start().await;
    let edge = Edge::start(&app, "edge", 1).await;
    edge.applies(&app, 2).await;
    let body = json!({ "original_url": "https://example.com/" });
    let created = app
        .call(Method::POST, "/api/v1/links?wait=5s", Some(body))
        .await;
    assert_eq!(created.status, 201);
    assert_eq!(outcome(&created), (true, named(&[("edge", true)])));
    let path = format!("{}?wait=5s", link_path(&created.body["id"]));
    let deleted = app.call(Method::DELETE, &path, None).await;
    assert_eq!(deleted.status, 200);
    assert_eq!(deleted.body["propagation"]["revision"], 2);
    assert_eq!(outcome(&deleted), (true, named(&[("edge", true)])));
}

#[tokio::test]
async fn a_wait_that_makes_no_sense_changes_nothing() {
    let app = App::start().await;
    let link = app.link("unmoved").await;
    for wait in ["11s", "soon", "2", "-1s", ""] {
        let refused = edit(&app, &link, wait).await;
        assert_eq!(refused.status, 422, "{wait}");
        assert_eq!(refused.body["errors"][0]["field"], "wait");
        let path = format!("{}?wait={wait}", link_path(&link["id"]));
        assert_eq!(app.call(Method::DELETE, &path, None).await.status, 422);
    }
    let path = format!("{}?wiat=2s", link_path(&link["id"]));
    assert_eq!(app.call(Method::DELETE, &path, None).await.status, 422);
    assert_eq!(app.get(&link_path(&link["id"])).await.body, link);
}

#[tokio::test]
async fn a_stop_is_not_waited_for() {
    let mut app = App::start().await;
    let link = app.link("stopped").await;
    Edge::start(&app, "edge", 1).await;
    let path = format!("{}{}?wait=10s", app.url, link_path(&link["id"]));
    let waiting = tokio::spawn(
        app.client
            .patch(path)
            .bearer_auth(&app.key)
            .json(&json!({ "title": "edited" }))
            .send(),
    );
    let is_written = "select seq = 2 from link_changes_head";
    eventually("it is written", async || {
        let is_written = sqlx::query_scalar::<_, bool>(is_written);
        is_written.fetch_one(&app.pool).await.unwrap().then_some(())
    })
    .await;
    let begin = Instant::now();
    app.stop().await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(8));
    let answer: Value = waiting.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(answer["propagation"]["applied"], false);
}
