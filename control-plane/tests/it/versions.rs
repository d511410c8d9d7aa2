//! `ETag`, `If-None-Match`, `If-Match`.

use control_plane::auth::Scope;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, App, answer, link_path};

fn tag(answer: &Answer) -> String {
    answer.headers["etag"].to_str().unwrap().to_owned()
}

async fn with(app: &App, method: Method, path: &str, header: (&str, &str)) -> Answer {
    let request = app.request(method.clone(), path).bearer_auth(&app.key);
    let request = request.header(header.0, header.1);
    let request = match method {
        Method::PATCH => request.json(&json!({ "title": "x" })),
        _ => request,
    };
    answer(request).await
}

#[tokio::test]
async fn whoever_has_the_version_is_not_sent_it_again() {
    let app = App::start().await;
    let path = link_path(&app.link("versioned").await["id"]);
    let read = app.get(&path).await;
    let known = tag(&read);
    let list = format!("\"other\", W/{known}");
    for known in [known.as_str(), list.as_str(), "*"] {
        let same = with(&app, Method::GET, &path, ("if-none-match", known)).await;
        assert_eq!((same.status, tag(&same)), (304, tag(&read)), "{known}");
        assert!(same.body.is_null());
        let head = app.request(Method::HEAD, &path).bearer_auth(&app.key);
        let head = head.header("if-none-match", known).send().await.unwrap();
        assert_eq!(head.status(), 304);
    }
    app.patch_link(&read.body["id"], json!({ "title": "new" }))
        .await;
    let changed = with(&app, Method::GET, &path, ("if-none-match", &known)).await;
    assert_eq!(
        (changed.status, &changed.body["title"]),
        (200, &json!("new"))
    );

    // Time passes, and the link is another one without an edit.
    let expires_at = json!({ "expires_at": "2026-11-22T10:21:00Z" });
    app.patch_link(&read.body["id"], expires_at).await;
    let active = app.get(&path).await;
    app.clock.advance(60_000_000);
    let expired = with(&app, Method::GET, &path, ("if-none-match", &tag(&active))).await;
    assert_eq!(
        (expired.status, &expired.body["status"]),
        (200, &json!("expired"))
    );
}

#[tokio::test]
async fn only_the_version_that_was_read_is_changed() {
    let app = App::start().await;
    let link = app.link("versioned").await;
    let path = link_path(&link["id"]);
    let old = tag(&app.get(&path).await);
    let edited = with(&app, Method::PATCH, &path, ("if-match", &old)).await;
    assert_eq!(edited.status, 200);
    for method in [Method::PATCH, Method::DELETE] {
        let stale = with(&app, method, &path, ("if-match", &old)).await;
        assert_eq!((stale.status, &stale.body["code"]), (412, &json!("stale")));
    }
    assert_eq!(
        app.get(&path).await.body["revision"],
        edited.body["revision"]
    );
    let any = with(&app, Method::PATCH, &path, ("if-match", "*")).await;
    assert_eq!(any.status, 200);
    let deleted = with(&app, Method::DELETE, &path, ("if-match", &tag(&any))).await;
    assert_eq!(deleted.status, 204);
    let gone = with(&app, Method::DELETE, &path, ("if-match", &tag(&any))).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test]
async fn domains_have_versions_too() {
    let app = App::start().await;
    let admin = app.key_with(&[Scope::Admin]).await;
    let path = "/api/v1/domains/go.example.org";
    let read = app.call_with(&admin, Method::GET, path, None).await;
    let patch = async |known: &str| {
        let request = app.request(Method::PATCH, path).bearer_auth(&admin);
        let body = json!({ "root_url": "https://example.com/" });
        answer(request.header("if-match", known).json(&body)).await
    };
    let changed = patch(&tag(&read)).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(patch(&tag(&read)).await.status, 412);
    assert_eq!(patch(&tag(&changed)).await.status, 200);
}
