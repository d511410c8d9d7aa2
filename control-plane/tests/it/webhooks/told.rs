//! What programs are told.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Installation, SECOND, WEBHOOKS, signature};
use crate::harness::{App, answer, eventually};
use crate::webhook_receiver::Received;

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
            "status": "disabled", "enabled": false, "deleted": false, "expires_at": null, "revision": 3,
        })
    );
    let told = at.newest(&webhook, "delivered", 1).await;
    assert_eq!(told["last_status"], 204);
    assert_eq!(at.messages(&webhook).await.len(), 3, "nothing of before");
}

#[tokio::test]
async fn a_takedown_is_told_as_one() {
    let at = Installation::start().await;
    let link = at.app.link("down").await;
    at.webhook(&["link.updated"]).await;
    let path = crate::harness::link_path(&link["id"]);
    let later = json!({ "starts_at": "2026-11-23T00:00:00Z" });
    for (verb, status) in [("block", "blocked"), ("unblock", "active")] {
        let path = format!("{path}/{verb}");
        assert_eq!(
            at.call(Method::POST, &path, None).await.body["status"],
            status
        );
    }
    at.app.patch_link(&link["id"], later).await;
    let mut received = at.receiver.wait_for(3).await;
    received.sort_by_key(|message| message.json()["data"]["revision"].as_i64());
    let told: Vec<_> = received
        .iter()
        .map(|message| message.json()["data"]["status"].clone())
        .collect();
    assert_eq!(told, ["blocked", "active", "scheduled"]);
    assert_eq!(received[0].json()["data"]["enabled"], true, "its owner's");
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
async fn many_links_that_expire_at_one_instant_are_each_written_down_once() {
    let at = Installation::start().await;
    at.webhook(&["link.expired"]).await;
    // More than two pieces of what is read at a time, and no whole number of them.
    let links: Vec<Value> = (0..1_100)
        .map(|number| {
            json!({
                "original_url": "https://example.com/", "code": format!("link-{number}"),
                "expires_at": "2026-11-22T10:30:00Z",
            })
        })
        .collect();
    let made = at.app.call(
        Method::POST,
        "/api/v1/links/bulk",
        Some(json!({ "links": links })),
    );
    assert_eq!(made.await.body["done"], 1_100);
    at.app.clock.advance(10 * 60 * SECOND);
    let written = async || {
        let count = "select count(*), count(distinct body::jsonb -> 'data' ->> 'code') from webhook_messages";
        sqlx::query_as::<_, (i64, i64)>(count)
            .fetch_one(&at.app.pool)
            .await
            .unwrap()
    };
    eventually("all are written down", async || {
        (written().await.0 >= 1_100).then_some(())
    })
    .await;
    at.app.clock.advance(60 * SECOND);
    at.receiver.wait_for(1_100).await;
    assert_eq!(written().await, (1_100, 1_100));
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

/// What was told of which code, in the order of versions.
fn told(mut received: Vec<Received>) -> Vec<(String, String)> {
    received.sort_by_key(|message| message.json()["data"]["revision"].as_i64());
    let told = received.iter().map(|message| {
        let code = message.json()["data"]["code"].as_str().unwrap().to_owned();
        (message.kind(), code)
    });
    told.collect()
}

fn expected(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(kind, code): &(&str, &str)| (format!("link.{kind}"), (*code).to_owned());
    expected.iter().map(own).collect()
}

#[tokio::test]
async fn what_happens_to_many_links_at_once_is_told_of_each() {
    let at = Installation::start().await;
    at.webhook(&["link.created", "link.updated", "link.deleted"])
        .await;
    let post = async |path: &str, body: Value| {
        let path = format!("/api/v1/links/bulk{path}");
        let done = at.app.call(Method::POST, &path, Some(body)).await;
        assert_eq!(done.body["done"], 2, "{}", done.body);
        done.body
    };
    let row = |code: &str| json!({ "original_url": "https://example.com/", "code": code });
    let rows = json!([row("a"), row("not a code"), row("b")]);
    let made = post("", json!({ "links": rows })).await;
    let select = json!({ "ids": [made["results"][0]["id"], made["results"][2]["id"]] });
    let change = json!({ "title": "x" });
    post("/edit", json!({ "select": select, "change": change })).await;
    post("/delete", json!({ "select": select })).await;
    assert_eq!(
        told(at.receiver.wait_for(6).await),
        expected(&[
            ("created", "a"),
            ("created", "b"),
            ("updated", "a"),
            ("updated", "b"),
            ("deleted", "a"),
            ("deleted", "b"),
        ])
    );
}

#[tokio::test]
async fn links_from_files_are_told() {
    let at = Installation::start().await;
    at.webhook(&["link.created"]).await;
    let send = async |path: &str, kind: &str, file: String| {
        let request = at.app.request(Method::POST, path).bearer_auth(&at.admin);
        let sent = answer(request.header("content-type", kind).body(file)).await;
        assert_eq!(sent.status, 202, "{}", sent.body);
    };
    // Before there is any link: a workspace with links cannot be restored into.
    let old = App::start().await;
    old.link("restored").await;
    let admin = old.key_with(&[control_plane::auth::Scope::Admin]).await;
    let exported = old.request(Method::GET, "/api/v1/workspace/export");
    let exported = exported.bearer_auth(admin).send().await.unwrap();
    let exported = exported.text().await.unwrap();
    send("/api/v1/workspace/restore", "application/jsonl", exported).await;
    let received = at.receiver.wait_for(1).await;
    assert_eq!(told(received), expected(&[("created", "restored")]));

    let csv = "code,url\nc1,https://example.com/1\nc2,https://example.com/2\n";
    send("/api/v1/imports", "text/csv", csv.to_owned()).await;
    let codes = [
        ("created", "restored"),
        ("created", "c1"),
        ("created", "c2"),
    ];
    let received = at.receiver.wait_for(3).await;
    assert_eq!(told(received), expected(&codes));
}

#[tokio::test]
async fn what_happens_while_it_is_off_is_not_told_however_soon_it_is_on_again() {
    let at = Installation::start().await;
    let webhook = at.webhook(&["link.created"]).await;
    let path = format!("{WEBHOOKS}/{}", webhook["id"].as_str().unwrap());
    let switch = async |enabled: bool| {
        let body = json!({ "enabled": enabled });
        let switched = at.call(Method::PATCH, &path, Some(body)).await;
        assert_eq!(switched.body["enabled"], enabled);
    };
    for round in 0..3 {
        switch(false).await;
        at.app.link(&format!("off-{round}")).await;
        switch(true).await;
        let code = format!("on-{round}");
        at.app.link(&code).await;
        let told = at.receiver.wait_for(round + 1).await;
        assert_eq!(told[round].json()["data"]["code"], code.as_str());
    }
}
