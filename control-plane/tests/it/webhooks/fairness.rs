//! One receiver does not stand in the way of another.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Installation, WEBHOOKS};
use crate::harness::eventually;
use crate::webhook_receiver::Receiver;

#[tokio::test]
async fn a_slow_receiver_with_much_to_be_told_keeps_no_other_waiting() {
    let at = Installation::start().await;
    at.receiver.answer(&[0; 60]);
    at.webhook(&["link.created"]).await;
    let links: Vec<Value> = (0..60)
        .map(|number| json!({ "original_url": format!("https://example.com/{number}") }))
        .collect();
    let body = json!({ "links": links });
    at.call(Method::POST, "/api/v1/links/bulk", Some(body))
        .await;
    at.receiver.wait_for(4).await;

    let quick = Receiver::start().await;
    let url = format!("http://hooks.example.com:{}/", quick.port);
    let body = json!({ "url": url, "events": ["link.deleted"] });
    let made = at.call(Method::POST, WEBHOOKS, Some(body)).await;
    assert_eq!(made.status, 201);
    let link = at.app.link("told-at-once").await;
    at.app.delete_link(&link["id"]).await;
    quick.wait_for(1).await;
    let asked = at.receiver.received().len();
    assert!(asked < 16, "a few at a time, not {asked}");
}

#[tokio::test]
async fn what_cannot_wait_any_more_is_counted() {
    let at = Installation::start().await;
    let webhook = at.webhook(&["link.created"]).await;
    // All but one of those that may wait.
    let fill =
        "insert into webhook_messages (id, webhook_id, event, body, next_attempt_at, created_at)
                select gen_random_uuid(), w.id, 'link.created', '{}', 'infinity', w.created_at
                from webhooks w, generate_series(1, 49999)";
    sqlx::query(fill).execute(&at.app.pool).await.unwrap();
    let links: Vec<Value> = (0..3)
        .map(|number| json!({ "original_url": format!("https://example.com/{number}") }))
        .collect();
    at.receiver.answer(&[503]);
    let body = json!({ "links": links });
    at.call(Method::POST, "/api/v1/links/bulk", Some(body))
        .await;
    let path = format!("{WEBHOOKS}/{}", webhook["id"].as_str().unwrap());
    let shown = eventually("messages are missed", async || {
        let shown = at.call(Method::GET, &path, None).await.body;
        (shown["missed_messages"] == 2).then_some(shown)
    })
    .await;
    assert!(shown["missed_at"].is_string() && shown["enabled"] == true);
    assert_eq!(at.receiver.wait_for(1).await.len(), 1);
}
