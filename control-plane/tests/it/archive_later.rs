//! What has come to pass between a workspace's export and its restore.

use control_plane::auth::Scope;
use local_servers::testing::ThrowAwayDir;
use reqwest::Method;
use serde_json::json;

use crate::archive::{OTHER, Place, with};
use crate::blocklist::is_listed;
use crate::harness::{App, eventually};

#[tokio::test]
async fn links_in_the_bin_may_lead_to_hosts_that_were_listed_since() {
    let old = Place::start().await;
    let body = json!({ "original_url": "https://later.example.com/", "code": "gone" });
    let link = old.ask(Method::POST, "/api/v1/links", body).await.body;
    old.app.delete_link(&link["id"]).await;
    let file = old.export().await;

    let dir = ThrowAwayDir::create().unwrap();
    let path = dir.path().join("hosts");
    std::fs::write(&path, "later.example.com\n").unwrap();
    let app = App::start_with_blocklist(&path).await;
    let new = Place::of(app).await;
    eventually("the list is read", async || {
        is_listed(&new.app, "later").await.then_some(())
    })
    .await;
    let done = new.restore("", file.clone()).await;
    assert_eq!((&done["made"], &done["errors"]), (&json!(1), &json!([])));
    let path = format!("/api/v1/links/{}/restore", link["id"].as_str().unwrap());
    let out = new.app.call(Method::POST, &path, None).await;
    assert_eq!((out.status, &out.body["code"]), (409, &json!("conflict")));
}

/// Settings and links that lead to `host`, each in another way: what is legal as long as the host is
/// anybody's.
async fn lead_to(place: &Place, host: &str) {
    let url = format!("https://{host}/abc");
    place.set(json!({ "root_url": url })).await;
    for (code, link) in [
        ("target", json!({ "original_url": url })),
        ("expired", json!({ "expired_url": url })),
        (
            "rule",
            json!({ "rules": [{ "if": [{ "device": ["mobile"] }], "then": { "url": url } }] }),
        ),
        ("binned", json!({ "original_url": url })),
    ] {
        let mut body = json!({ "original_url": "https://example.com/", "code": code });
        let fields = link.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        let made = place.ask(Method::POST, "/api/v1/links", body).await.body;
        if code == "binned" {
            place.app.delete_link(&made["id"]).await;
        }
    }
}

#[tokio::test]
async fn links_may_lead_to_what_became_an_own_domain_or_a_shortener_since() {
    let known_later = [("LINKPULSE_REFUSE_SHORTENERS", "false".to_owned())];
    for (host, code) in [(OTHER, "own_domain"), ("bit.ly", "known_shortener")] {
        let app = App::start_with(&known_later).await;
        let admin = app.key_with(&[Scope::Admin]).await;
        let old = Place { app, admin };
        lead_to(&old, host).await;
        let old = Place::of(old.app).await;
        let file = old.export().await;

        let new = Place::start().await;
        eventually("the host is refused to new links", async || {
            let body = json!({ "original_url": format!("https://{host}/"), "code": "a/b" });
            let refused = new.app.create_link(body).await.body;
            (refused["errors"][0]["code"] == code).then_some(())
        })
        .await;
        // The rest is as strict as ever.
        let private = with(&file, |_, line| {
            if line["code"] == "target" {
                line["original_url"] = "http://127.0.0.1/".into();
            }
        });
        let refused = new.restore("", private.clone()).await;
        let problem = &refused["errors"][0]["problem"]["errors"][0];
        assert_eq!(problem["code"], "private_address", "{refused}");
        let done = new.restore("", file.clone()).await;
        assert_eq!((&done["made"], &done["errors"]), (&json!(4), &json!([])));
        assert_eq!(file, new.export().await);
    }
}
