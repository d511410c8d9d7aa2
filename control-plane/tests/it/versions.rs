//! `ETag`, `If-None-Match`, `If-Match`.

use control_plane::auth::Scope;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer, link_path};

pub fn tag(answer: &Answer) -> String {
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
    assert_eq!(gone.status, 410);
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
    app.clock.advance(1_000_000);
    let same = patch(&tag(&changed)).await;
    assert_eq!((same.status, tag(&same)), (200, tag(&changed)));
}

#[tokio::test]
async fn a_link_has_its_version_under_each_of_its_names() {
    let app = App::start().await;
    let body =
        json!({ "original_url": "https://example.com/", "code": "Named", "external_id": "7" });
    let link = app.create_link(body).await;
    for path in [
        link_path(&link.body["id"]),
        "/api/v1/links/by-code/go.example.org/Named".to_owned(),
        "/api/v1/links/by-external-id/7".to_owned(),
    ] {
        let read = app.get(&path).await;
        assert_eq!(tag(&read), tag(&link), "{path}");
        let same = with(&app, Method::GET, &path, ("if-none-match", &tag(&read))).await;
        assert_eq!(same.status, 304, "{path}");
    }
}

#[tokio::test]
async fn every_edit_of_a_link_changes_only_the_version_that_was_read() {
    let app = App::start().await;
    let admin = app.key_with(&[Scope::Admin]).await;
    let body = json!({ "original_url": "https://example.com/", "external_id": "7" });
    let link = app.create_link(body).await;
    let path = link_path(&link.body["id"]);
    let external = "/api/v1/links/by-external-id/7";
    let mut known = tag(&link);
    for (method, path, body) in [
        (Method::PATCH, path.clone(), json!({ "title": "a" })),
        (Method::PUT, external.to_owned(), json!({ "title": "b" })),
        (
            Method::POST,
            format!("{path}/roll-back"),
            json!({ "version": 1 }),
        ),
        (Method::POST, format!("{path}/block"), json!(null)),
        (Method::POST, format!("{path}/unblock"), json!(null)),
        (Method::DELETE, path.clone(), json!(null)),
        (Method::POST, format!("{path}/restore"), json!(null)),
    ] {
        let send = async |known: &str| {
            let request = app.request(method.clone(), &path).bearer_auth(&admin);
            let request = request.header("if-match", known);
            answer(match body.is_null() {
                true => request,
                false => request.json(&body),
            })
            .await
        };
        let stale = send("\"99-00000000\"").await;
        assert_eq!(
            (stale.status, &stale.body["code"]),
            (412, &json!("stale")),
            "{method} {path}"
        );
        let done = send(&known).await;
        assert!(done.status < 300, "{method} {path}: {}", done.body);
        // What is in the bin is read to be known.
        known = match method {
            Method::DELETE => tag(&app.get(&path).await),
            _ => tag(&done),
        };
    }
    assert_eq!(tag(&app.get(&path).await), known);

    // Of what is not there, there is no version to change.
    let absent = "/api/v1/links/by-external-id/8";
    let body = json!({ "original_url": "https://example.com/" });
    let put = app.request(Method::PUT, absent).bearer_auth(&app.key);
    let put = put.header("if-match", "*").json(&body);
    assert_eq!(answer(put).await.status, 412);
    assert_eq!(app.get(absent).await.status, 404);

    // And what is there is not made.
    let put = async |path: &str| {
        let put = app.request(Method::PUT, path).bearer_auth(&app.key);
        answer(put.header("if-none-match", "*").json(&body))
            .await
            .status
    };
    let before = app.get(external).await.body;
    assert_eq!(put(external).await, 412);
    assert_eq!(app.get(external).await.body, before);
    assert_eq!(put(absent).await, 201);
}

#[tokio::test]
async fn an_edit_that_changes_nothing_is_none() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let body = json!({
        "original_url": "https://example.com/", "title": "A", "tags": ["a"], "external_id": "7",
        "click_cap": { "limit": 7 },
    });
    let link = app.create_link(body.clone()).await;
    let path = link_path(&link.body["id"]);
    app.clock.advance(1_000_000);
    let bulk = json!({ "select": { "ids": [link.body["id"]] }, "add_tags": ["A"] });
    let external = "/api/v1/links/by-external-id/7";
    for (method, path, body) in [
        (Method::PATCH, path.as_str(), json!({})),
        (
            Method::PATCH,
            &path,
            json!({ "title": " A ", "click_cap": { "limit": 7 } }),
        ),
        (Method::PUT, external, body),
        (Method::POST, "/api/v1/links/bulk/edit", bulk),
        (Method::POST, &format!("{path}/unblock"), json!({})),
    ] {
        let done = app.console(&owner, method, path, Some(body)).await;
        assert_eq!(done.status, 200, "{path}: {}", done.body);
        assert_eq!(
            tag(&app.get(&link_path(&link.body["id"])).await),
            tag(&link),
            "{path}"
        );
    }
    let bulk = json!({ "select": { "ids": [link.body["id"]] } });
    let waited = app.call(Method::POST, "/api/v1/links/bulk/edit?wait=1ms", Some(bulk));
    let waited = waited.await.body;
    assert!(waited["propagation"].is_object(), "{waited}");
    let history = app.get(&format!("{path}/history")).await.body;
    assert_eq!(history["data"].as_array().unwrap().len(), 1);
}
