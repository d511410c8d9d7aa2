//! Where messages may go.

use reqwest::Method;
use serde_json::json;

use super::{Installation, WEBHOOKS};
use crate::name_server::Data;

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
