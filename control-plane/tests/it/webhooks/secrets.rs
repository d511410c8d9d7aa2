//! What messages are signed with.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Installation, SECOND, WEBHOOKS, signature};
use crate::harness::answer;
use crate::webhook_receiver::Received;

#[tokio::test]
async fn a_secret_is_rotated_while_messages_have_both_signatures() {
    let at = Installation::start().await;
    let webhook = at.webhook(&["link.created"]).await;
    let path = format!(
        "{WEBHOOKS}/{}/rotate-secret",
        webhook["id"].as_str().unwrap()
    );
    let rotate = async |body: Value| at.call(Method::POST, &path, Some(body)).await;
    let next = async |code: &str, count: usize| {
        at.app.link(code).await;
        at.receiver.wait_for(count).await.pop().unwrap()
    };
    let message = next("before", 1).await;
    assert_eq!(message.signature, signature(&webhook["secret"], &message));

    let first = rotate(json!({})).await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_ne!(first.body["secret"], webhook["secret"]);
    let both = |new: &Value, old: &Value, message: &Received| {
        format!("{} {}", signature(new, message), signature(old, message))
    };
    let message = next("overlap", 2).await;
    let expected = both(&first.body["secret"], &webhook["secret"], &message);
    assert_eq!(message.signature, expected);
    // The first one of all is good no longer.
    let second = rotate(json!({ "overlap": "1h" })).await;
    let message = next("again", 3).await;
    let expected = both(&second.body["secret"], &first.body["secret"], &message);
    assert_eq!(message.signature, expected);
    at.app.clock.advance(3_600 * SECOND);
    let message = next("over", 4).await;
    assert_eq!(
        message.signature,
        signature(&second.body["secret"], &message)
    );
    let third = rotate(json!({ "overlap": "0s" })).await;
    let message = next("at-once", 5).await;
    assert_eq!(
        message.signature,
        signature(&third.body["secret"], &message)
    );

    for overlap in ["soon", "31days"] {
        assert_eq!(rotate(json!({ "overlap": overlap })).await.status, 422);
    }
    let read = format!("{WEBHOOKS}/{}", webhook["id"].as_str().unwrap());
    let read = at.call(Method::GET, &read, None).await.body;
    assert!(read.get("secret").is_none());
    let kept = "select count(*) from webhooks where old_secret is not null";
    let kept: i64 = sqlx::query_scalar(kept)
        .fetch_one(&at.app.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_rotation_that_is_sent_again_rotates_once() {
    let at = Installation::start().await;
    let webhook = at.webhook(&["link.created"]).await;
    let path = format!(
        "{WEBHOOKS}/{}/rotate-secret",
        webhook["id"].as_str().unwrap()
    );
    let rotate = async || {
        let request = at.app.request(Method::POST, &path).bearer_auth(&at.admin);
        answer(request.header("idempotency-key", "rotate").json(&json!({}))).await
    };
    let rotated = rotate().await;
    let again = rotate().await;
    assert_eq!((again.status, &again.body["secret"]), (200, &Value::Null));
    at.app.link("signed").await;
    let message = at.receiver.wait_for(1).await.remove(0);
    let new = signature(&rotated.body["secret"], &message);
    assert!(message.signature.starts_with(&new), "{}", message.signature);
}
