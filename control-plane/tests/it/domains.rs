//! Settings of domains.

use contract::{DomainRecord, Keys, Record};
use redis::AsyncCommands;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{Answer, App, EMAIL, INTERNAL_SECRET, PASSWORD, answer, eventually};

const OWN: &str = "/api/v1/domains/go.example.org";

/// A request from the console, where somebody is signed in.
struct Console<'a> {
    app: &'a App,
    cookie: String,
}

impl<'a> Console<'a> {
    async fn sign_in(app: &'a App) -> Self {
        let signed_in = app.sign_in(EMAIL, PASSWORD).await;
        let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
        let (cookie, _) = cookie.split_once(';').unwrap();
        Self {
            app,
            cookie: cookie.to_owned(),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.app
            .request(method, path)
            .header("cookie", &self.cookie)
            .header("x-requested-with", "linkpulse")
    }

    async fn patch(&self, body: Value) -> Answer {
        answer(self.request(Method::PATCH, OWN).json(&body)).await
    }
}

/// What proxies are told about the own domain; the status if nothing.
async fn resolved(app: &App) -> Result<DomainRecord, u16> {
    let url = format!(
        "{}/internal/resolve?domain=go.example.org&code=",
        app.admin_url
    );
    let request = app.client.get(url).bearer_auth(INTERNAL_SECRET);
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    match Record::decode(&response.bytes().await.unwrap()) {
        Ok(Record::Domain(domain)) => Ok(domain),
        _ => Err(status),
    }
}

#[tokio::test]
async fn the_own_domain_is_there_before_it_has_settings() {
    let app = App::start().await;
    let own = json!({
        "domain": "go.example.org",
        "status": "active",
        "verification": null,
        "root_url": null,
        "not_found_url": null,
        "expired_url": null,
        "ignores_case": false,
        "apple_app_site_association": null,
        "assetlinks": null,
        "updated_at": null,
        "revision": 0,
    });
    assert_eq!(
        app.get("/api/v1/domains").await.body,
        json!({ "data": [own] })
    );
    assert_eq!(app.get(OWN).await.body, own);
    assert_eq!(app.get("/api/v1/domains/GO.example.org.").await.body, own);
    for other in ["other.example", "a%20b", "%FF", "go.example.org%00"] {
        let path = format!("/api/v1/domains/{other}");
        assert_eq!(app.get(&path).await.status, 404, "{other}");
    }
    assert_eq!(resolved(&app).await, Err(404));
}

#[tokio::test]
async fn settings_are_kept_shown_and_relayed() {
    let app = App::start().await;
    let console = Console::sign_in(&app).await;
    let changed = console
        .patch(json!({
            "root_url": "HTTPS://Example.com",
            "not_found_url": "https://example.com/lost",
            "ignores_case": true,
        }))
        .await;
    let mut expected = json!({
        "domain": "go.example.org",
        "status": "active",
        "verification": null,
        "root_url": "https://example.com/",
        "not_found_url": "https://example.com/lost",
        "expired_url": null,
        "ignores_case": true,
        "apple_app_site_association": null,
        "assetlinks": null,
        "updated_at": "2026-11-22T10:20:30.123456Z",
        "revision": 1,
    });
    assert_eq!((changed.status, &changed.body), (200, &expected));
    let more = json!({ "not_found_url": null, "expired_url": "https://example.com/over" });
    let changed = console.patch(more).await.body;
    expected["not_found_url"] = Value::Null;
    expected["expired_url"] = "https://example.com/over".into();
    expected["revision"] = 2.into();
    assert_eq!(changed, expected);
    assert_eq!(
        app.get("/api/v1/domains").await.body,
        json!({ "data": [expected] })
    );

    let record = DomainRecord {
        domain: "go.example.org".parse().unwrap(),
        revision: 2,
        root_url: Some("https://example.com/".into()),
        not_found_url: None,
        expired_url: Some("https://example.com/over".into()),
        ignores_case: true,
    };
    assert_eq!(resolved(&app).await, Ok(record.clone()));
    let client = redis::Client::open(app.redis_url.as_str()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let key = Keys::new(app.prefix.as_str()).link("go.example.org", "");
    eventually("proxies are told", async || {
        let text: Option<String> = redis.hget(&key, "rec").await.unwrap();
        (text == Some(record.encode())).then_some(())
    })
    .await;
    // The numbers are those of links, too.
    assert_eq!(app.link("next").await["revision"], 3);
}

#[tokio::test]
async fn only_owners_and_admins_change_settings() {
    let app = App::start().await;
    let body = json!({ "root_url": "https://example.com/" });
    let by_key = app.call(Method::PATCH, OWN, Some(body.clone())).await;
    assert_eq!(
        (by_key.status, &by_key.body["code"]),
        (403, &json!("missing_scope"))
    );
    for (role, expected) in [
        ("viewer", 403),
        ("editor", 403),
        ("admin", 200),
        ("owner", 200),
    ] {
        sqlx::query("update memberships set role = $1")
            .bind(role)
            .execute(&app.pool)
            .await
            .unwrap();
        let console = Console::sign_in(&app).await;
        let read = answer(console.request(Method::GET, OWN)).await;
        assert_eq!(read.status, 200, "{role}");
        assert_eq!(console.patch(body.clone()).await.status, expected, "{role}");
    }
    let from_elsewhere = app
        .request(Method::PATCH, OWN)
        .header("cookie", Console::sign_in(&app).await.cookie)
        .json(&body);
    assert_eq!(answer(from_elsewhere).await.body["code"], "cross_site");
}

#[tokio::test]
async fn another_workspace_has_no_domain() {
    let app = App::start().await;
    let foreign = app.foreign_key().await;
    sqlx::query("update api_keys set scopes = '{read,admin}'")
        .execute(&app.pool)
        .await
        .unwrap();
    let ask = |method, path: &str| app.request(method, path).bearer_auth(&foreign);
    let list = answer(ask(Method::GET, "/api/v1/domains")).await;
    assert_eq!(list.body, json!({ "data": [] }));
    assert_eq!(answer(ask(Method::GET, OWN)).await.status, 404);
    let patch = ask(Method::PATCH, OWN).json(&json!({ "ignores_case": true }));
    assert_eq!(answer(patch).await.status, 404);
}

#[tokio::test]
async fn wrong_settings_are_refused_by_field_and_code() {
    let app = App::start().await;
    let console = Console::sign_in(&app).await;
    for (body, field, code) in [
        (
            json!({ "root_url": "javascript:alert(1)" }),
            "root_url",
            "forbidden_scheme",
        ),
        (
            json!({ "root_url": "https://go.example.org/x" }),
            "root_url",
            "own_domain",
        ),
        (
            json!({ "not_found_url": "/lost" }),
            "not_found_url",
            "not_absolute",
        ),
        (
            json!({ "expired_url": "http://127.0.0.1/" }),
            "expired_url",
            "private_address",
        ),
        (json!({ "expired_url": 1 }), "expired_url", "wrong_type"),
        (
            json!({ "ignores_case": null }),
            "ignores_case",
            "wrong_type",
        ),
        (
            json!({ "domain": "other.example" }),
            "domain",
            "unknown_field",
        ),
    ] {
        let refused = console.patch(body.clone()).await;
        assert_eq!(refused.status, 422, "{body}");
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code))
        );
    }
    assert_eq!(app.get(OWN).await.body["revision"], 0);
}

#[tokio::test]
async fn case_can_be_ignored_while_no_code_depends_on_it() {
    let app = App::start().await;
    let console = Console::sign_in(&app).await;
    let link = app.link("Poster").await;
    app.delete_link(&link["id"]).await;
    let refused = console.patch(json!({ "ignores_case": true })).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("conflict"))
    );
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("capital letters"), "{detail}");
    let other = json!({ "root_url": "https://example.com/", "ignores_case": false });
    assert_eq!(console.patch(other).await.status, 200);

    sqlx::query("delete from links")
        .execute(&app.pool)
        .await
        .unwrap();
    app.link("poster").await;
    assert_eq!(
        console.patch(json!({ "ignores_case": true })).await.status,
        200
    );
    let taken = json!({ "original_url": "https://example.com/", "code": "POSTER" });
    let taken = app.create_link(taken).await;
    assert_eq!(
        (taken.status, &taken.body["code"]),
        (409, &json!("code_taken"))
    );
    assert_eq!(taken.body["suggestion"], "poster-2");
    let folded = app.link("Flyer-A").await;
    assert_eq!(folded["code"], "flyer-a");
    assert_eq!(folded["short_url"], "https://go.example.org/flyer-a");
    for _ in 0..5 {
        let generated = app
            .create_link(json!({ "original_url": "https://example.com/" }))
            .await;
        let code = generated.body["code"].as_str().unwrap().to_owned();
        assert_eq!(code, code.to_lowercase());
    }

    // Visitors find pages in any case, as they find links at the edge.
    let page = app.visitor(Method::GET, "/POSTER+").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(
        console.patch(json!({ "ignores_case": false })).await.status,
        200
    );
    let page = app.visitor(Method::GET, "/POSTER+").send().await.unwrap();
    assert_eq!(page.status(), 404);
    assert_eq!(app.link("POSTER").await["code"], "POSTER");
}

#[tokio::test]
async fn a_code_that_is_made_meanwhile_is_seen_or_folded() {
    let app = App::start().await;
    let console = Console::sign_in(&app).await;
    for round in 0..10 {
        let body = json!({
            "original_url": "https://example.com/", "code": format!("Race-{round}"),
        });
        let (made, switched) = tokio::join!(
            app.create_link(body),
            console.patch(json!({ "ignores_case": true })),
        );
        assert_eq!(made.status, 201, "{}", made.body);
        let is_folded = made.body["code"] == format!("race-{round}");
        assert_eq!(switched.status == 200, is_folded, "{}", made.body);
        sqlx::query("delete from links")
            .execute(&app.pool)
            .await
            .unwrap();
        assert_eq!(
            console.patch(json!({ "ignores_case": false })).await.status,
            200
        );
    }
}
