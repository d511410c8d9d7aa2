//! Programs are told of links, in a way they can trust, until they have it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use control_plane::auth::Scope;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{Answer, App, answer, eventually};
use crate::name_server::{Data, NameServer};
use crate::webhook_receiver::{Received, Receiver};

const WEBHOOKS: &str = "/api/v1/webhooks";
const SECOND: i64 = 1_000_000;

struct Installation {
    app: App,
    names: NameServer,
    receiver: Receiver,
    admin: String,
}

impl Installation {
    async fn start() -> Self {
        let allowed = ("LINKPULSE_OUTBOUND_NETWORKS", "127.0.0.0/8".to_owned());
        Self::start_with(&[allowed]).await
    }

    async fn start_with(settings: &[(&'static str, String)]) -> Self {
        let names = NameServer::start().await;
        names.put(
            "hooks.example.com",
            vec![Data::Address([127, 0, 0, 1].into())],
        );
        let mut settings = settings.to_vec();
        settings.push(names.setting());
        let app = App::start_with(&settings).await;
        Self {
            admin: app.key_with(&[Scope::Admin]).await,
            app,
            names,
            receiver: Receiver::start().await,
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.app.call_with(&self.admin, method, path, body).await
    }

    /// A webhook to the receiver.
    async fn webhook(&self, events: &[&str]) -> Value {
        let url = format!("http://hooks.example.com:{}/links", self.receiver.port);
        let body = json!({ "url": url, "events": events });
        let made = self.call(Method::POST, WEBHOOKS, Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body
    }

    async fn messages(&self, webhook: &Value) -> Vec<Value> {
        let path = format!("{WEBHOOKS}/{}/messages", webhook["id"].as_str().unwrap());
        let list = self.call(Method::GET, &path, None).await;
        list.body["data"].as_array().unwrap().clone()
    }

    /// Waits until the newest message is in that state.
    async fn newest(&self, webhook: &Value, state: &str, attempts: i64) -> Value {
        eventually("what became of a message", async || {
            let newest = self.messages(webhook).await.into_iter().next()?;
            let is_it = newest["state"] == state
                && newest["attempts"] == attempts
                && newest["last_attempt_at"].is_string();
            is_it.then_some(newest)
        })
        .await
    }
}

fn signature(secret: &Value, received: &Received) -> String {
    let key = secret.as_str().unwrap().strip_prefix("whsec_").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(key).unwrap()).unwrap();
    let Received {
        id, seconds, body, ..
    } = received;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn what_happens_to_links_is_told_and_signed() {
    let at = Installation::start().await;
    at.app.link("before").await;
    let webhook = at
        .webhook(&["link.created", "link.updated", "link.deleted"])
        .await;
    let link = at.app.link("told").await;
    at.app
        .patch_link(&link["id"], json!({ "enabled": false }))
        .await;
    at.app.delete_link(&link["id"]).await;
    let mut received = at.receiver.wait_for(3).await;
    received.sort_by_key(|message| message.json()["data"]["revision"].as_i64());
    let kinds: Vec<_> = received.iter().map(Received::kind).collect();
    assert_eq!(kinds, ["link.created", "link.updated", "link.deleted"]);
    for message in &received {
        assert_eq!(message.signature, signature(&webhook["secret"], message));
        assert_eq!(message.seconds, 1_795_342_830);
        assert_eq!(message.json()["timestamp"], "2026-11-22T10:20:30.123456Z");
        assert_eq!(message.json()["data"]["id"], link["id"]);
    }
    assert_eq!(
        received[1].json()["data"],
        json!({
            "id": link["id"], "domain": "go.example.org", "code": "told",
            "short_url": "https://go.example.org/told",
            "original_url": "https://example.com/a",
            "enabled": false, "deleted": false, "expires_at": null, "revision": 3,
        })
    );
    let told = at.newest(&webhook, "delivered", 1).await;
    assert_eq!(told["last_status"], 204);
    assert_eq!(at.messages(&webhook).await.len(), 3, "nothing of before");
}

#[tokio::test]
async fn two_control_planes_tell_each_thing_once() {
    let at = Installation::start().await;
    let _sibling = at.app.second_instance().await;
    let webhook = at.webhook(&["link.created"]).await;
    for number in 0..30 {
        at.app.link(&format!("many-{number}")).await;
    }
    let received = at.receiver.wait_for(30).await;
    let codes: std::collections::BTreeSet<_> = received
        .iter()
        .map(|message| message.json()["data"]["code"].to_string())
        .collect();
    assert_eq!((received.len(), codes.len()), (30, 30));
    eventually("all are delivered", async || {
        let messages = at.messages(&webhook).await;
        messages
            .iter()
            .all(|message| message["state"] == "delivered")
            .then_some(())
    })
    .await;
}

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

#[tokio::test]
async fn expiry_is_told_when_it_comes() {
    let at = Installation::start().await;
    at.webhook(&["link.expired"]).await;
    let body = json!({
        "original_url": "https://example.com/", "code": "short-lived",
        "expires_at": "2026-11-22T10:30:00Z",
    });
    at.app.create_link(body).await;
    // Something else that is looked at, after which it would have been told.
    at.app.link("other").await;
    let seq = "select seq from webhook_progress";
    eventually("both are looked at", async || {
        let seq: i64 = sqlx::query_scalar(seq)
            .fetch_one(&at.app.pool)
            .await
            .unwrap();
        (seq == 2).then_some(())
    })
    .await;
    assert!(at.receiver.received().is_empty());
    at.app.clock.advance(10 * 60 * SECOND);
    let received = at.receiver.wait_for(1).await;
    assert_eq!(received[0].kind(), "link.expired");
    assert_eq!(received[0].json()["timestamp"], "2026-11-22T10:30:00Z");
    assert_eq!(received[0].json()["data"]["code"], "short-lived");
}

#[tokio::test]
async fn a_number_of_clicks_is_told_once_when_it_is_reached() {
    let at = Installation::start().await;
    let link = at.app.link("popular").await;
    let old = at.app.link("old").await;
    let click = async |link: &Value, total: i64| {
        let id: contract::LinkId = link["id"].as_str().unwrap().parse().unwrap();
        let clicked = "insert into link_clicks_hourly (link_id, hour, clicks, last_clicked_at)
            values ($1, '2026-11-22T10:00:00Z', $2, '2026-11-22T10:20:00Z')
            on conflict (link_id, hour) do update set clicks = $2";
        sqlx::query(clicked)
            .bind(id.0)
            .bind(total)
            .execute(&at.app.pool)
            .await
            .unwrap();
        let counted = "select clicks from link_totals where link_id = $1";
        eventually("the total follows", async || {
            let query = sqlx::query_scalar::<_, i64>(counted).bind(id.0);
            (query.fetch_one(&at.app.pool).await.unwrap() == total).then_some(())
        })
        .await;
    };
    click(&old, 50).await;
    let url = format!("http://hooks.example.com:{}/", at.receiver.port);
    let body =
        json!({ "url": url, "events": ["link.clicks_reached"], "click_thresholds": [10, 20] });
    let webhook = at.call(Method::POST, WEBHOOKS, Some(body)).await;
    assert_eq!(webhook.status, 201);
    click(&link, 9).await;
    click(&link, 15).await;
    let received = at.receiver.wait_for(1).await;
    assert_eq!(received[0].kind(), "link.clicks_reached");
    assert_eq!(received[0].json()["data"]["id"], link["id"]);
    assert_eq!(received[0].json()["data"]["clicks_reached"], 10);
    click(&link, 25).await;
    click(&old, 51).await;
    let received = at.receiver.wait_for(2).await;
    assert_eq!(received[1].json()["data"]["clicks_reached"], 20);
    let told = at.messages(&webhook.body).await;
    assert_eq!(told.len(), 2, "nothing of before, and nothing twice");
}

#[tokio::test]
async fn no_request_goes_into_our_own_network() {
    let at = Installation::start_with(&[]).await;
    let public = Data::Address([93, 184, 216, 34].into());
    let loopback: std::net::IpAddr = [127, 0, 0, 1].into();
    for (name, data) in [
        ("private.example.com", vec![Data::Address(loopback)]),
        ("mixed.example.com", vec![public, Data::Address(loopback)]),
        (
            "mapped.example.com",
            vec![Data::Address("::ffff:127.0.0.1".parse().unwrap())],
        ),
        (
            "nat64.example.com",
            vec![Data::Address("64:ff9b::7f00:1".parse().unwrap())],
        ),
        (
            "metadata.example.com",
            vec![Data::Address([169, 254, 169, 254].into())],
        ),
    ] {
        at.names.put(name, data);
        let url = format!("http://{name}:{}/", at.receiver.port);
        let body = json!({ "url": url, "events": ["link.created"] });
        let webhook = at.call(Method::POST, WEBHOOKS, Some(body)).await.body;
        at.app.link(name.split('.').next().unwrap()).await;
        let refused = at.newest(&webhook, "pending", 1).await;
        let reason = refused["last_error"].as_str().unwrap();
        assert!(reason.contains("not public"), "{name}: {reason}");
    }
    assert!(at.receiver.received().is_empty());
}

#[tokio::test]
async fn a_name_that_becomes_ours_after_it_was_checked_is_refused_then() {
    let allowed = ("LINKPULSE_OUTBOUND_NETWORKS", "127.0.0.1/32".to_owned());
    let at = Installation::start_with(&[allowed]).await;
    // First where it may be asked, then where it may not: each connection asks anew.
    let ours = ["127.0.0.1".parse().unwrap(), "127.0.0.2".parse().unwrap()];
    at.names
        .put("hooks.example.com", vec![Data::Rebinding(ours.to_vec())]);
    let webhook = at.webhook(&["link.created"]).await;
    at.app.link("first").await;
    at.newest(&webhook, "delivered", 1).await;
    at.app.link("second").await;
    let refused = at.newest(&webhook, "pending", 1).await;
    assert!(
        refused["last_error"]
            .as_str()
            .unwrap()
            .contains("not public"),
        "{refused}"
    );
    assert_eq!(at.receiver.received().len(), 1);
}

#[tokio::test]
async fn wrong_webhooks_are_refused_by_field_and_code() {
    let at = Installation::start().await;
    let good = json!({ "url": "https://example.com/", "events": ["link.created"] });
    for (field, value, code) in [
        ("url", json!("javascript:alert(1)"), "forbidden_scheme"),
        ("url", json!("http://127.0.0.1/"), "private_address"),
        ("url", json!("http://[::ffff:10.0.0.1]/"), "private_address"),
        (
            "url",
            json!("https://user:password@example.com/"),
            "credentials",
        ),
        ("url", json!("https://go.example.org/"), "own_domain"),
        ("events", json!([]), "wrong_length"),
        ("events[0]", json!(["link.eaten"]), "unknown_value"),
        ("click_thresholds", json!([0]), "out_of_range"),
        (
            "click_thresholds",
            json!((1..=21).collect::<Vec<_>>()),
            "wrong_length",
        ),
        ("secret", json!("x"), "unknown_field"),
    ] {
        let mut body = good.clone();
        body[field.trim_end_matches("[0]")] = value;
        let refused = at.call(Method::POST, WEBHOOKS, Some(body.clone())).await;
        assert_eq!(refused.status, 422, "{body}");
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code))
        );
    }
    let made = at.call(Method::POST, WEBHOOKS, Some(good)).await.body;
    let path = format!("{WEBHOOKS}/{}", made["id"].as_str().unwrap());
    let body = json!({ "events": ["link.deleted", "link.deleted"], "click_thresholds": [5, 1, 5] });
    let changed = at.call(Method::PATCH, &path, Some(body)).await.body;
    assert_eq!(changed["events"], json!(["link.deleted"]));
    assert_eq!(changed["click_thresholds"], json!([1, 5]));
    assert_eq!(at.call(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(at.call(Method::GET, &path, None).await.status, 404);
}
