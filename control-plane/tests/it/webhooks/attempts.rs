//! How often it is tried.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Installation, SECOND, WEBHOOKS, signature};
use crate::harness::{answer, eventually};

#[tokio::test]
async fn a_receiver_that_fails_is_asked_again_later_and_later() {
    let at = Installation::start().await;
    at.receiver.answer(&[500, 302, 404]);
    let webhook = at.webhook(&["link.created"]).await;
    at.app.link("retried").await;
    for (attempt, (status, wait)) in [(500, 5), (302, 300), (404, 1800)].into_iter().enumerate() {
        let failed = at.newest(&webhook, "pending", attempt as i64 + 1).await;
        assert_eq!(failed["last_status"], status);
        at.app.clock.advance((wait - 1) * SECOND);
        let early = at.receiver.received().len();
        at.app.clock.advance(SECOND);
        at.receiver.wait_for(attempt + 2).await;
        assert_eq!(early, attempt + 1, "not before its time");
    }
    let delivered = at.newest(&webhook, "delivered", 4).await;
    assert_eq!(delivered["next_attempt_at"], Value::Null);
    let received = at.receiver.received();
    assert!(
        received.iter().all(|message| message.id == received[0].id),
        "one message"
    );
    assert!(received[3].seconds > received[0].seconds);
    assert_eq!(
        received[3].signature,
        signature(&webhook["secret"], &received[3])
    );
}

#[tokio::test]
async fn after_nine_attempts_a_message_waits_to_be_replayed() {
    let at = Installation::start().await;
    at.receiver.answer(&[503; 9]);
    let webhook = at.webhook(&["link.created"]).await;
    at.app.link("failed").await;
    for attempt in 1..9 {
        at.newest(&webhook, "pending", attempt).await;
        at.app.clock.advance(10 * 3_600 * SECOND);
    }
    let failed = at.newest(&webhook, "failed", 9).await;
    let path = format!("{WEBHOOKS}/{}/messages", webhook["id"].as_str().unwrap());
    let replay = format!("{path}/{}/replay", failed["id"].as_str().unwrap());
    let send = async || {
        let request = at.app.request(Method::POST, &replay).bearer_auth(&at.admin);
        answer(request.header("idempotency-key", "replay")).await
    };
    let replayed = send().await;
    assert_eq!(
        (replayed.status, &replayed.body["state"]),
        (202, &json!("pending"))
    );
    let received = at.receiver.wait_for(10).await;
    assert_eq!(received[9].id, received[0].id);
    at.newest(&webhook, "delivered", 1).await;
    let again = send().await;
    assert_eq!((again.status, &again.body), (202, &replayed.body));
    at.newest(&webhook, "delivered", 1).await;
    assert_eq!(at.receiver.received().len(), 10, "replayed once");
    let unknown = format!("{path}/msg_0000000000000000000000/replay");
    assert_eq!(at.call(Method::POST, &unknown, None).await.status, 404);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_told_nothing_more() {
    let at = Installation::start().await;
    at.receiver.answer(&[410]);
    let webhook = at.webhook(&["link.created"]).await;
    at.app.link("gone").await;
    let path = format!("{WEBHOOKS}/{}", webhook["id"].as_str().unwrap());
    eventually("it is switched off", async || {
        let webhook = at.call(Method::GET, &path, None).await;
        (webhook.body["enabled"] == false).then_some(())
    })
    .await;
    at.app.link("untold").await;
    let on = at
        .call(Method::PATCH, &path, Some(json!({ "enabled": true })))
        .await;
    assert_eq!(on.body["enabled"], true);
    at.app.clock.advance(5 * SECOND);
    let received = at.receiver.wait_for(2).await;
    assert_eq!(
        received[1].id, received[0].id,
        "what was on its way goes on"
    );
}
