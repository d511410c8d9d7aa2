//! Ending a split: one variant has won.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, answer, link_path};

/// A link with a split and an option that has nothing to do with it.
async fn split(app: &App, code: &str) -> Value {
    let body = json!({
        "original_url": "https://example.com/", "code": code, "passes_query": true,
        "split": { "variants": [
            { "url": "https://example.com/a", "weight": 1 },
            { "url": "https://example.com/b", "weight": 3 },
        ] },
    });
    let made = app.create_link(body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body
}

async fn end(app: &App, link: &Value, variant: i64, headers: &[(&str, &str)]) -> Answer {
    let path = format!("{}/split/winner", link_path(&link["id"]));
    let mut request = app.request(Method::POST, &path).bearer_auth(&app.key);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request.json(&json!({ "variant": variant }))).await
}

#[tokio::test]
async fn the_winner_becomes_the_target_in_one_version() {
    let app = App::start().await;
    let link = split(&app, "ab").await;
    let ended = end(&app, &link, 2, &[]).await;
    assert_eq!(ended.status, 200, "{}", ended.body);
    let mut expected = link.clone();
    expected["original_url"] = "https://example.com/b".into();
    expected["split"] = Value::Null;
    expected["revision"] = 2.into();
    assert_eq!(ended.body, expected);
    let read = app.get(&link_path(&link["id"])).await;
    assert_eq!(read.body, expected);
    assert_eq!(read.headers["etag"], ended.headers["etag"]);
    let history = app
        .get(&format!("{}/history", link_path(&link["id"])))
        .await;
    let versions = history.body["data"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    assert_eq!(versions[0]["action"], "link.updated");

    let again = end(&app, &link, 2, &[]).await;
    assert_eq!(
        (again.status, &again.body["code"]),
        (409, &json!("conflict"))
    );
}

#[tokio::test]
async fn only_a_variant_can_win() {
    let app = App::start().await;
    let link = split(&app, "ab").await;
    for variant in [0, 3, -1, i64::MAX, i64::MIN] {
        let refused = end(&app, &link, variant, &[]).await;
        assert_eq!(refused.status, 422);
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!("variant"), &json!("unknown_variant"))
        );
    }
    assert_eq!(app.get(&link_path(&link["id"])).await.body, link);
}

#[tokio::test]
async fn a_split_that_changed_meanwhile_is_not_ended() {
    let app = App::start().await;
    let link = split(&app, "ab").await;
    app.patch_link(&link["id"], json!({ "title": "x" })).await;
    let stale = end(&app, &link, 1, &[("if-match", "\"1\"")]).await;
    assert_eq!((stale.status, &stale.body["code"]), (412, &json!("stale")));
    let ended = end(&app, &link, 1, &[("if-match", "\"2\"")]).await;
    assert_eq!(ended.status, 200, "{}", ended.body);
    assert_eq!(ended.body["original_url"], "https://example.com/a");
}

#[tokio::test]
async fn a_request_that_comes_again_ends_it_once() {
    let app = App::start().await;
    let link = split(&app, "ab").await;
    let named = [("idempotency-key", "once")];
    let first = end(&app, &link, 1, &named).await;
    let second = end(&app, &link, 1, &named).await;
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(first.body, second.body);
    assert_eq!(second.headers["idempotent-replayed"], "true");
}

#[tokio::test]
async fn who_asks_for_it_is_told_how_far_it_is() {
    let app = App::start().await;
    let link = split(&app, "ab").await;
    let path = format!("{}/split/winner?wait=100ms", link_path(&link["id"]));
    let body = json!({ "variant": 1 });
    let ended = app.call(Method::POST, &path, Some(body)).await;
    assert_eq!(ended.status, 200, "{}", ended.body);
    assert!(ended.body["propagation"].is_object(), "{}", ended.body);
}
