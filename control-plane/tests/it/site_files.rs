//! Files that programs ask each domain for: crawlers, and phones that look for apps.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer, eventually};

const OTHER: &str = "links.example.com";
const APPLE: &str = "/.well-known/apple-app-site-association";
const ANDROID: &str = "/.well-known/assetlinks.json";

struct File {
    status: u16,
    kind: String,
    cache: String,
    text: String,
}

async fn file(app: &App, host: &str, path: &str) -> File {
    let request = app.request(Method::GET, path);
    let response = request.header("x-forwarded-host", host).send().await;
    let response = response.unwrap();
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    };
    File {
        status: response.status().as_u16(),
        kind: header("content-type"),
        cache: header("cache-control"),
        text: response.text().await.unwrap(),
    }
}

async fn with_other_domain() -> App {
    let app = App::start().await;
    let insert = "insert into domains (domain, workspace_id, created_at, updated_at, revision)
                  select $1, id, now(), now(), 0 from workspaces";
    sqlx::query(insert)
        .bind(OTHER)
        .execute(&app.pool)
        .await
        .unwrap();
    app
}

#[tokio::test]
async fn crawlers_may_fetch_links_and_not_pages_of_ours() {
    let app = with_other_domain().await;
    let links = "User-agent: *\nDisallow: /auth/\nDisallow: /report/\n";
    let console = format!("{links}Disallow: /api/\nDisallow: /console/\n");
    for (host, expected) in [
        ("go.example.org", console.as_str()),
        ("GO.example.org:443", &console),
        (OTHER, links),
        ("unknown.example.net", links),
    ] {
        let robots = file(&app, host, "/robots.txt").await;
        assert_eq!((robots.status, &*robots.text), (200, expected), "{host}");
        assert_eq!(robots.kind, "text/plain; charset=utf-8");
        assert_eq!(robots.cache, "public, max-age=3600");
    }
}

async fn set(app: &App, domain: &str, change: Value) -> Answer {
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let path = format!("/api/v1/domains/{domain}");
    app.console(&owner, Method::PATCH, &path, Some(change))
        .await
}

#[tokio::test]
async fn phones_find_the_apps_of_a_domain() {
    let app = with_other_domain().await;
    for path in [APPLE, ANDROID] {
        let none = file(&app, "go.example.org", path).await;
        assert_eq!(
            (none.status, &*none.kind),
            (404, "application/problem+json")
        );
    }
    let apple =
        json!({ "applinks": { "details": [{ "appIDs": ["ABCDE12345.com.example.app"] }] } });
    let android = json!([{ "relation": ["delegate_permission/common.handle_all_urls"],
                           "target": { "namespace": "web" } }]);
    let change = json!({ "apple_app_site_association": apple, "assetlinks": android });
    let changed = set(&app, "go.example.org", change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["apple_app_site_association"], apple);
    assert_eq!(changed.body["assetlinks"], android);
    for (path, expected) in [(APPLE, &apple), (ANDROID, &android)] {
        let found = file(&app, "go.example.org", path).await;
        assert_eq!((found.status, &*found.kind), (200, "application/json"));
        assert_eq!(found.cache, "public, max-age=3600");
        assert_eq!(
            serde_json::from_str::<Value>(&found.text).unwrap(),
            *expected
        );
        for other in [OTHER, "unknown.example.net"] {
            assert_eq!(file(&app, other, path).await.status, 404, "{other}");
        }
    }
    // Another change leaves them alone.
    let change = json!({ "root_url": "https://example.com/", "assetlinks": null });
    let changed = set(&app, "go.example.org", change).await;
    assert_eq!(changed.body["apple_app_site_association"], apple);
    assert_eq!(file(&app, "go.example.org", APPLE).await.status, 200);
    assert_eq!(file(&app, "go.example.org", ANDROID).await.status, 404);
}

#[tokio::test]
async fn what_is_no_such_file_is_refused() {
    let app = with_other_domain().await;
    for (field, value, code) in [
        ("apple_app_site_association", json!([]), "wrong_type"),
        ("apple_app_site_association", json!("{}"), "wrong_type"),
        ("assetlinks", json!({}), "wrong_type"),
        ("assetlinks", json!(["https://example.com/"]), "wrong_type"),
        (
            "assetlinks",
            json!([{ "a": ["\u{0}"] }]),
            "forbidden_character",
        ),
    ] {
        let mut change = json!({});
        change[field] = value.clone();
        let refused = set(&app, OTHER, change).await;
        assert_eq!(refused.status, 422, "{value}");
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code))
        );
    }
}

#[tokio::test]
async fn a_workspace_takes_its_files_along() {
    let app = with_other_domain().await;
    let apple = json!({ "applinks": { "z": 1, "a": [1.5, "x"] } });
    let change = json!({ "apple_app_site_association": apple, "assetlinks": [{}] });
    assert_eq!(set(&app, OTHER, change).await.status, 200);
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let exported = app.request(Method::GET, "/api/v1/workspace/export");
    let exported = exported.header("cookie", &owner).send().await.unwrap();
    let exported = exported.text().await.unwrap();
    let there = with_other_domain().await;
    let owner = there.cookie(EMAIL, PASSWORD).await;
    let restore = there
        .request(Method::POST, "/api/v1/workspace/restore")
        .header("cookie", &owner)
        .header("x-requested-with", "linkpulse")
        .header("content-type", "application/jsonl")
        .body(exported);
    let begun = answer(restore).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let path = begun.headers["location"].to_str().unwrap().to_owned();
    eventually("it is restored", async || {
        let import = there.get(&path).await.body;
        (import["finished"] == true).then_some(())
    })
    .await;
    let found = file(&there, OTHER, APPLE).await;
    assert_eq!(serde_json::from_str::<Value>(&found.text).unwrap(), apple);
    assert_eq!(file(&there, OTHER, ANDROID).await.text, "[{}]");
}
