//! What administrators do.

use reqwest::Method;
use serde_json::{Value, json};

use super::{first_finding, owner};
use crate::harness::{App, EMAIL, PASSWORD, answer};
use crate::name_server::{Data, NameServer};

#[tokio::test]
async fn a_setting_of_a_domain_is_in_the_log() {
    let app = App::start().await;
    let signed_in = app.sign_in(EMAIL, PASSWORD).await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    let request = app
        .request(Method::PATCH, "/api/v1/domains/go.example.org")
        .header("cookie", cookie.split_once(';').unwrap().0)
        .header("x-requested-with", "linkpulse")
        .json(&json!({ "root_url": "https://example.com/" }));
    assert_eq!(answer(request).await.status, 200);
    let log = owner(&app, "/api/v1/audit-log").await.body;
    let entry = &log["data"][0];
    assert_eq!(
        (
            &entry["action"],
            &entry["subject"],
            &entry["state"]["root_url"]
        ),
        (
            &json!("domain.updated"),
            &json!("go.example.org"),
            &json!("https://example.com/")
        )
    );
    assert_eq!(entry["actor"], signed_in.body["user"]["id"]);
}

#[tokio::test]
async fn whatever_administrators_do_is_in_the_log_and_no_secret_is() {
    let names = NameServer::start().await;
    let app = App::start_with(&[names.setting()]).await;
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    let mut secrets = vec![PASSWORD.to_owned()];
    let call = async |method: Method, path: &str, body: Option<Value>| {
        let answer = app.console(&cookie, method, path, body).await;
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.body
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();

    let key = json!({ "name": "x", "scopes": ["read"] });
    let key = call(Method::POST, "/api/v1/keys", Some(key)).await;
    let path = format!("/api/v1/keys/{}", text(&key["id"]));
    let next = call(Method::POST, &format!("{path}/rotate"), Some(json!({}))).await;
    call(Method::DELETE, &path, None).await;
    secrets.extend([text(&key["secret"]), text(&next["secret"])]);

    let url = "https://hooks.example.com/a-secret-path?token=a-secret-token";
    let webhook = json!({ "url": url, "events": ["link.created"] });
    let webhook = call(Method::POST, "/api/v1/webhooks", Some(webhook)).await;
    let path = format!("/api/v1/webhooks/{}", text(&webhook["id"]));
    call(Method::PATCH, &path, Some(json!({ "enabled": false }))).await;
    call(Method::DELETE, &path, None).await;
    secrets.extend([text(&webhook["secret"]), "a-secret-".to_owned()]);

    let invite = async |email: &str| {
        let body = json!({ "email": email, "role": "viewer" });
        call(Method::POST, "/api/v1/invitations", Some(body)).await
    };
    let withdrawn = invite("nobody@example.com").await;
    let path = format!("/api/v1/invitations/{}", text(&withdrawn["id"]));
    call(Method::DELETE, &path, None).await;
    let invited = invite("grace@example.com").await;
    let body = json!({ "token": invited["token"], "password": "another good password" });
    let accept = app.request(Method::POST, "/api/v1/invitations/accept");
    let joined = answer(accept.json(&body)).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
    let grace = text(&joined.body["user"]["id"]);
    let path = format!("/api/v1/members/{grace}");
    call(Method::PATCH, &path, Some(json!({ "role": "editor" }))).await;
    call(Method::DELETE, &path, None).await;
    secrets.extend([text(&withdrawn["token"]), text(&invited["token"])]);
    secrets.push("another good password".to_owned());

    let domain = json!({ "domain": "links.example.com" });
    let added = call(Method::POST, "/api/v1/domains", Some(domain)).await;
    let record = Data::Text(text(&added["verification"]["value"]));
    names.put(&text(&added["verification"]["name"]), vec![record]);
    let path = "/api/v1/domains/links.example.com";
    call(Method::POST, &format!("{path}/verify"), None).await;
    call(Method::DELETE, path, None).await;
    let claim = json!({ "domain": "claim.example.com" });
    call(Method::POST, "/api/v1/domains", Some(claim)).await;
    call(Method::DELETE, "/api/v1/domains/claim.example.com", None).await;
    let name = json!({ "name": "Renamed" });
    call(Method::PATCH, "/api/v1/workspace", Some(name)).await;
    // What is refused is not done.
    let unknown = "/api/v1/keys/key_0000000000000000000000";
    let refused = app.console(&cookie, Method::DELETE, unknown, None).await;
    assert_eq!(refused.status, 404);

    let log = owner(&app, "/api/v1/audit-log?limit=100").await.body;
    let mut entries = log["data"].as_array().unwrap().clone();
    entries.reverse();
    entries.retain(|entry| entry["actor"] != "cli");
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (text(&entry["action"]), text(&entry["subject"])))
        .collect();
    let expected = [
        ("key.created", text(&key["id"])),
        ("key.updated", text(&key["id"])),
        ("key.created", text(&next["id"])),
        ("key.revoked", text(&key["id"])),
        ("webhook.created", text(&webhook["id"])),
        ("webhook.updated", text(&webhook["id"])),
        ("webhook.removed", text(&webhook["id"])),
        ("invitation.created", text(&withdrawn["id"])),
        ("invitation.withdrawn", text(&withdrawn["id"])),
        ("invitation.created", text(&invited["id"])),
        ("member.joined", grace.clone()),
        ("member.updated", grace.clone()),
        ("member.removed", grace.clone()),
        ("domain.added", "links.example.com".to_owned()),
        ("domain.verified", "links.example.com".to_owned()),
        ("domain.removed", "links.example.com".to_owned()),
        ("domain.added", "claim.example.com".to_owned()),
        ("domain.removed", "claim.example.com".to_owned()),
    ];
    let expected = expected.map(|(action, subject)| (action.to_owned(), subject));
    assert_eq!(told[..expected.len()], expected);
    assert_eq!(told.last().unwrap().0, "workspace.renamed");
    assert_eq!(told.len(), expected.len() + 1);
    let actor = |place: usize| text(&entries[place]["actor"]);
    let ada = actor(0);
    assert!(ada.starts_with("usr_") && ada != grace);
    assert_eq!((actor(10), actor(11)), (grace, ada), "who joined did it");
    assert_eq!(
        entries[1]["state"]["expires_at"],
        "2026-11-23T10:20:30.123456Z"
    );
    assert_eq!(entries[4]["state"]["receiver"], "https://hooks.example.com");
    assert_eq!(entries[11]["state"]["role"], "editor");
    assert_eq!(first_finding(&app).await, None, "and in the chain");
    let stored = "select string_agg(e::text, '') from audit_log e";
    let stored: String = sqlx::query_scalar(stored)
        .fetch_one(&app.pool)
        .await
        .unwrap();
    for secret in secrets {
        assert!(!stored.contains(&secret), "{secret}");
    }
}
