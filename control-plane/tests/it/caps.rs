//! `/internal/caps/…`: proxies have counts of visits begun.

use contract::keys::CAP_BASE;
use contract::{Keys, LinkId};
use local_servers::RedisServer;
use local_servers::testing::{TestDatabase, ThrowAway};
use redis::AsyncCommands;
use serde_json::{Value, json};

use crate::harness::{App, INTERNAL_SECRET, blocking, eventually};

async fn begin(app: &App, id: &Value) -> u16 {
    begin_after(app, id, 0).await
}

async fn begin_after(app: &App, id: &Value, set_after: u64) -> u16 {
    let id = id.as_str().unwrap();
    let url = format!("{}/internal/caps/{id}/{set_after}", app.admin_url);
    let request = app.client.post(url).bearer_auth(INTERNAL_SECRET);
    request.send().await.unwrap().status().as_u16()
}

/// The count's name in Redis.
fn key(app: &App, id: &Value) -> String {
    key_after(app, id, 0)
}

fn key_after(app: &App, id: &Value, set_after: u64) -> String {
    let id: LinkId = id.as_str().unwrap().parse().unwrap();
    Keys::new(app.prefix.as_str()).click_cap(id, set_after)
}

async fn redis(app: &App) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(app.redis_url.as_str()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

async fn count(app: &App, id: &Value) -> Option<i64> {
    redis(app).await.get(key(app, id)).await.unwrap()
}

async fn has_clicks(app: &App, id: &Value, clicks: i64) {
    let id: LinkId = id.as_str().unwrap().parse().unwrap();
    sqlx::query("insert into link_clicks_hourly values ($1, now(), $2, now())")
        .bind(id.0)
        .bind(clicks)
        .execute(&app.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_count_begins_once_with_the_clicks_so_far() {
    let app = App::start().await;
    let [new, old] = [app.link("new").await, app.link("old").await];
    has_clicks(&app, &old["id"], 7).await;
    for (link, expected) in [(&new, CAP_BASE), (&old, CAP_BASE + 7)] {
        assert_eq!(begin(&app, &link["id"]).await, 204);
        assert_eq!(count(&app, &link["id"]).await, Some(expected));
    }
    let visited: i64 = redis(&app)
        .await
        .incr(key(&app, &new["id"]), 1)
        .await
        .unwrap();
    assert_eq!(begin(&app, &new["id"]).await, 204);
    assert_eq!(count(&app, &new["id"]).await, Some(visited), "it goes on");
}

#[tokio::test]
async fn a_cap_that_is_set_again_counts_the_visits_without_one() {
    let app = App::start().await;
    let link = app.link("again").await;
    let capped = async |cap: Value| {
        let edit = json!({ "click_cap": cap });
        assert_eq!(app.patch_link(&link["id"], edit).await.status, 200);
        let resolve = "/internal/resolve?domain=go.example.org&code=again";
        let (_, record) = app
            .internal(reqwest::Method::GET, resolve, String::new())
            .await;
        let record: Value = serde_json::from_str(&record).unwrap();
        let set_after = &record["options"]["click_cap"]["set_after"];
        set_after.as_u64().unwrap_or_default()
    };
    let first = capped(json!({ "limit": 10 })).await;
    assert_eq!(begin_after(&app, &link["id"], first).await, 204);
    assert_eq!(capped(json!({ "limit": 20 })).await, first, "it goes on");

    capped(Value::Null).await;
    has_clicks(&app, &link["id"], 15).await;
    let second = capped(json!({ "limit": 20 })).await;
    assert_eq!(begin_after(&app, &link["id"], second).await, 204);
    let key = key_after(&app, &link["id"], second);
    let count: Option<i64> = redis(&app).await.get(key).await.unwrap();
    assert_eq!(count, Some(CAP_BASE + 15));
}

#[tokio::test]
async fn what_is_no_count_is_begun_anew() {
    let app = App::start().await;
    let link = app.link("lost").await;
    has_clicks(&app, &link["id"], 7).await;
    for rubbish in ["3", "-1", "1099511627775", "rubbish", ""] {
        let _: () = redis(&app)
            .await
            .set(key(&app, &link["id"]), rubbish)
            .await
            .unwrap();
        assert_eq!(begin(&app, &link["id"]).await, 204, "{rubbish:?}");
        assert_eq!(count(&app, &link["id"]).await, Some(CAP_BASE + 7));
    }
}

#[tokio::test]
async fn only_links_are_counted_and_only_for_proxies() {
    let app = App::start().await;
    let link = app.link("ours").await;
    for nothing in ["lnk_0000000000000000000000", "nonsense"] {
        assert_eq!(begin(&app, &json!(nothing)).await, 404);
    }
    let path = format!("/internal/caps/{}/0", link["id"].as_str().unwrap());
    let url = format!("{}{path}", app.admin_url);
    let request = app.client.post(url).bearer_auth("wrong");
    assert_eq!(request.send().await.unwrap().status(), 401);
    assert_eq!(
        app.call(reqwest::Method::POST, &path, None).await.status,
        404
    );
    assert_eq!(count(&app, &link["id"]).await, None);
}

#[tokio::test]
async fn nothing_is_begun_without_the_statistics() {
    let app = App::start_without_statistics().await;
    let link = app.link("blind").await;
    assert_eq!(begin(&app, &link["id"]).await, 503);
    assert_eq!(count(&app, &link["id"]).await, None);
}

#[tokio::test]
async fn redis_may_come_later_and_go() {
    let mut redis = blocking(|| ThrowAway::<RedisServer>::redis().unwrap()).await;
    redis = blocking(move || {
        redis.stop().unwrap();
        redis
    })
    .await;
    let database = blocking(|| TestDatabase::create("control_plane")).await;
    let url = database.url.clone();
    let app = App::start_on(&url, &redis.url(), Some(database)).await;
    let link = app.link("early").await;
    assert_eq!(begin(&app, &link["id"]).await, 503);
    for _ in 0..2 {
        redis = blocking(move || {
            redis.restart().unwrap();
            redis
        })
        .await;
        eventually("it is begun", async || {
            (begin(&app, &link["id"]).await == 204).then_some(())
        })
        .await;
        assert_eq!(count(&app, &link["id"]).await, Some(CAP_BASE));
        redis = blocking(move || {
            redis.stop().unwrap();
            redis
        })
        .await;
        assert_eq!(begin(&app, &link["id"]).await, 503);
    }
}
