//! Versions of a link, and going back to one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, answer, link_path};

async fn history(app: &App, link: &Value, query: &str) -> Value {
    let path = format!("{}/history{query}", link_path(&link["id"]));
    let answer = app.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

async fn roll_back(app: &App, link: &Value, version: Value) -> Answer {
    let path = format!("{}/roll-back", link_path(&link["id"]));
    app.call(Method::POST, &path, Some(json!({ "version": version })))
        .await
}

fn what_and_changes(history: &Value) -> Value {
    let versions = history["data"].as_array().unwrap().iter();
    versions
        .map(|version| {
            let changes = version["changes"].as_array().unwrap().iter();
            let changes: Vec<_> = changes
                .map(|change| json!([change["field"], change["before"], change["after"]]))
                .collect();
            json!([version["version"], version["action"], changes])
        })
        .collect()
}

#[tokio::test]
async fn each_change_is_a_version_that_says_what_it_changed() {
    let app = App::start().await;
    let link = app.link("told").await;
    app.clock.advance(1_000_000);
    let edit = json!({ "title": "A", "tags": ["x"], "max_age": 60, "password": "secret" });
    app.patch_link(&link["id"], edit).await;
    app.patch_link(&link["id"], json!({ "password": "another" }))
        .await;
    app.delete_link(&link["id"]).await;
    let path = format!("{}/restore", link_path(&link["id"]));
    app.call(Method::POST, &path, None).await;
    let bulk = json!({ "select": { "ids": [link["id"]] }, "remove_tags": ["x"] });
    app.call(Method::POST, "/api/v1/links/bulk/edit", Some(bulk))
        .await;

    let told = history(&app, &link, "").await;
    assert_eq!(
        what_and_changes(&told),
        json!([
            [6, "link.updated", [["tags", ["x"], []]]],
            [5, "link.restored", []],
            [4, "link.deleted", []],
            [3, "link.updated", [["has_password", true, true]]],
            [
                2,
                "link.updated",
                [
                    ["has_password", false, true],
                    ["max_age", 0, 60],
                    ["tags", [], ["x"]],
                    ["title", null, "A"],
                ]
            ],
            [1, "link.created", []],
        ])
    );
    assert_eq!(told["next_cursor"], Value::Null);
    let second = &told["data"][4];
    assert_eq!(second["at"], "2026-11-22T10:20:31.123456Z");
    assert_eq!(second["actor"], link["created_by"]);
    assert_eq!(second["link"]["title"], "A");
    let texts = told.to_string();
    assert!(
        !texts.contains("argon2") && !texts.contains("secret"),
        "{texts}"
    );

    let mut seen = Vec::new();
    let mut query = "?limit=4".to_owned();
    loop {
        let page = history(&app, &link, &query).await;
        seen.extend(page["data"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("?limit=4&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(json!(seen), told["data"], "pages have the same changes");
}

#[tokio::test]
async fn a_link_goes_back_to_what_it_was() {
    let app = App::start().await;
    let rich = json!({
        "original_url": "https://example.com/a", "code": "back", "title": "A", "tags": ["x"],
        "expires_at": "2027-01-01T00:00:00Z", "redirect_status": 307, "strict": true,
        "click_cap": { "limit": 5 }, "external_id": "7", "password": "secret", "notes": "n",
        "rules": [{ "if": [{ "country": ["DE"] }], "then": { "url": "https://example.com/de" } }],
    });
    let first = app.create_link(rich).await.body;
    let clearing = json!({
        "original_url": "https://example.com/b", "title": null, "tags": [], "expires_at": null,
        "redirect_status": 302, "strict": false, "click_cap": null, "external_id": null,
        "rules": null, "notes": null, "enabled": false, "archived": true, "password": null,
    });
    app.patch_link(&first["id"], clearing).await;
    let back = roll_back(&app, &first, json!(1)).await;
    assert_eq!(back.status, 200, "{}", back.body);
    let mut expected = first.clone();
    expected["revision"] = 3.into();
    expected["has_password"] = false.into();
    assert_eq!(back.body, expected);
    let told = history(&app, &first, "").await;
    assert_eq!(told["data"][0]["action"], "link.rolled_back");
    // The visits before the cap was removed were not counted since.
    let set_after: Option<i64> =
        sqlx::query_scalar("select (options -> 'click_cap' ->> 'set_after')::bigint from links")
            .fetch_one(&app.pool)
            .await
            .unwrap();
    assert_eq!(set_after, Some(2));
}

#[tokio::test]
async fn many_go_back_at_once_with_a_connection_each() {
    let app = App::start().await;
    let link = app.link("busy").await;
    app.patch_link(&link["id"], json!({ "title": "B" })).await;
    // More than there are connections: if each needed another one, they would wait for each other.
    let all = (0..30).map(|_| roll_back(&app, &link, json!(1)));
    for back in futures_util::future::join_all(all).await {
        assert_eq!(back.status, 200, "{}", back.body);
    }
}

#[tokio::test]
async fn what_is_no_version_or_not_allowed_is_refused() {
    let app = App::start().await;
    let body = json!({ "original_url": "https://example.com/", "external_id": "7" });
    let link = app.create_link(body.clone()).await.body;
    app.patch_link(&link["id"], json!({ "external_id": null }))
        .await;
    app.create_link(body).await;
    for version in [
        json!(0),
        json!(-1),
        json!(3),
        json!(i64::MAX),
        json!("1"),
        Value::Null,
    ] {
        let refused = roll_back(&app, &link, version.clone()).await;
        assert_eq!(refused.status, 422, "{version}");
    }
    let taken = roll_back(&app, &link, json!(1)).await;
    assert_eq!(
        (taken.status, &taken.body["code"]),
        (409, &json!("conflict"))
    );
    let foreign = app.foreign_key().await;
    let path = link_path(&link["id"]);
    let theirs = app
        .request(Method::GET, &format!("{path}/history"))
        .bearer_auth(&foreign);
    assert_eq!(answer(theirs).await.status, 404);
    let theirs = app
        .request(Method::POST, &format!("{path}/roll-back"))
        .bearer_auth(&foreign);
    assert_eq!(
        answer(theirs.json(&json!({ "version": 1 }))).await.status,
        404
    );
    let cursor = app.get(&format!("{path}/history?cursor=AAAA")).await;
    assert_eq!(cursor.status, 400);
}
