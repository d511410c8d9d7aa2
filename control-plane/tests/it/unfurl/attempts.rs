//! When pages are read, and how often it is tried.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Installation, MINUTE, titled};
use crate::harness::{App, eventually};
use crate::page_server::Page;

#[tokio::test]
async fn a_page_that_trickles_is_given_up_and_tried_again_later() {
    let at = Installation::start().await;
    at.pages.put("/", Page::Trickle);
    let made = at.link("/").await;
    assert_eq!(at.put_off(1).await, MINUTE);
    at.pages.put("/", titled("At last"));
    at.app.clock.advance(MINUTE);
    assert_eq!(at.read(&made).await["title"], "At last");
}

#[tokio::test]
async fn a_page_that_fails_is_tried_five_times_later_and_later() {
    let at = Installation::start().await;
    at.pages.put("/", Page::Status(503));
    let made = at.link("/").await;
    for (attempt, wait) in [
        (1, MINUTE),
        (2, 10 * MINUTE),
        (3, 60 * MINUTE),
        (4, 360 * MINUTE),
    ] {
        assert_eq!(at.put_off(attempt).await, wait);
        assert_eq!(
            at.pages.asked().len(),
            attempt as usize,
            "not before its time"
        );
        at.app.clock.advance(wait);
    }
    assert_eq!(at.given_up(&made).await["page"], Value::Null);
    assert_eq!(at.pages.asked().len(), 5);
}

#[tokio::test]
async fn a_restart_goes_on_with_what_was_to_be_read() {
    let mut at = Installation::start().await;
    at.pages.put("/", Page::Status(500));
    let made = at.link("/").await;
    at.put_off(1).await;
    at.app.stop().await.unwrap();
    at.pages.put("/", titled("Later"));
    at.app.clock.advance(MINUTE);
    assert_eq!(at.pages.asked().len(), 1, "nobody is there");
    let _next = at.app.second_instance().await;
    let title = "select page ->> 'title' from links";
    let title = eventually("its page is read", async || {
        let title: Option<String> = sqlx::query_scalar(title)
            .fetch_one(&at.app.pool)
            .await
            .unwrap();
        title
    })
    .await;
    assert_eq!(
        (title.as_str(), made["title"].clone()),
        ("Later", Value::Null)
    );
    assert!(at.jobs().await.is_empty());
}

#[tokio::test]
async fn two_control_planes_read_each_page_once() {
    let at = Installation::start().await;
    let _sibling = at.app.second_instance().await;
    let mut paths = Vec::new();
    let mut links = Vec::new();
    for number in 0..60 {
        let path = format!("/{number:02}");
        at.pages.put(&path, titled(&path));
        links.push(json!({ "original_url": at.url(&path) }));
        paths.push(path);
    }
    let body = json!({ "links": links });
    let made = at
        .app
        .call(Method::POST, "/api/v1/links/bulk", Some(body))
        .await;
    assert_eq!(made.body["done"], 60);
    eventually("all are read", async || {
        at.jobs().await.is_empty().then_some(())
    })
    .await;
    let mut asked = at.pages.asked();
    asked.sort_unstable();
    assert_eq!(asked, paths);
    let list = at.app.get("/api/v1/links?limit=100").await.body;
    let links = list["data"].as_array().unwrap();
    assert!(links.iter().all(|link| link["title"].is_string()), "{list}");
}

#[tokio::test]
async fn a_setting_switches_it_off_and_forgets_what_waits() {
    let app = App::start().await;
    app.link("unread").await;
    let jobs = "select count(*) from page_jobs";
    let count = async || {
        let count: i64 = sqlx::query_scalar(jobs).fetch_one(&app.pool).await.unwrap();
        count
    };
    assert_eq!(count().await, 1, "whoever makes a link does not know");
    let _sibling = app.second_instance().await;
    eventually("it is forgotten", async || {
        (count().await == 0).then_some(())
    })
    .await;
}
