use control_plane::auth::Scope;
use futures_util::StreamExt;
use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{App, answer, link_path, rfc3339};

#[tokio::test]
async fn hosts_that_look_like_others_are_warned_of() {
    let app = App::start().await;
    let link = async |body: Value| {
        let made = app.create_link(body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body
    };
    let mixed = "https://www.\u{430}pple.com/";
    let made = link(json!({ "original_url": mixed })).await;
    assert_eq!(made["warnings"], json!(["mixed_script"]));
    assert_eq!(app.get(&link_path(&made["id"])).await.body, made);
    let plain = json!({ "original_url": "https://bücher.example/", "expired_url": mixed });
    assert_eq!(link(plain).await["warnings"], json!(["mixed_script"]));
    let plain = json!({ "original_url": "https://日本sony.example/" });
    assert_eq!(link(plain).await["warnings"], json!([]));
    let cyrillic = json!({ "original_url": "https://аррӏе.com/", "expired_url": mixed });
    assert_eq!(
        link(cyrillic).await["warnings"],
        json!(["mixed_script", "whole_script_confusable"])
    );
}

#[tokio::test]
async fn an_international_host_is_shown_in_both_spellings() {
    let app = App::start().await;
    let body = json!({ "original_url": "https://www.bücher.example/a?b=ü", "code": "books" });
    let made = app.create_link(body).await.body;
    assert_eq!(
        (&made["original_url"], &made["unicode_host"]),
        (
            &json!("https://www.xn--bcher-kva.example/a?b=%C3%BC"),
            &json!("www.bücher.example")
        )
    );
    assert_eq!(app.get(&link_path(&made["id"])).await.body, made);
    let list = app.get("/api/v1/links").await.body;
    assert_eq!(list["data"][0]["unicode_host"], made["unicode_host"]);
    let edit = json!({ "original_url": "https://example.com/xn--bcher-kva" });
    let edited = app.patch_link(&made["id"], edit).await;
    assert_eq!(edited.body["unicode_host"], Value::Null);
    // Not to be set.
    let edit = json!({ "unicode_host": "example.com" });
    assert_eq!(app.patch_link(&made["id"], edit).await.status, 422);
}

#[tokio::test]
async fn a_created_link_is_shown_whole_and_found_again() {
    let app = App::start().await;
    let created = app
        .create_link(json!({
            "original_url": "HTTPS://Example.com/Sale?x=1",
            "code": "spring-24",
            "title": "  Spring sale ",
            "expires_at": "2027-01-31T13:00:00.5+01:00",
        }))
        .await;
    assert_eq!(created.status, 201);
    assert_json_snapshot!(created.body, { ".id" => "[id]", ".created_by" => "[key]" }, @r#"
    {
      "archived": false,
      "click_cap": null,
      "clicks": 0,
      "code": "spring-24",
      "created_at": "2026-11-22T10:20:30.123456Z",
      "created_by": "[key]",
      "deleted_at": null,
      "domain": "go.example.org",
      "enabled": true,
      "expired_url": null,
      "expires_at": "2027-01-31T12:00:00.5Z",
      "external_id": null,
      "has_password": false,
      "id": "[id]",
      "indexable": false,
      "last_clicked_at": null,
      "max_age": 0,
      "notes": null,
      "original_url": "https://example.com/Sale?x=1",
      "page": null,
      "passes_path": false,
      "passes_query": false,
      "redirect_status": 302,
      "revision": 1,
      "rules": [],
      "short_url": "https://go.example.org/spring-24",
      "social_preview": null,
      "split": null,
      "starts_at": null,
      "status": "active",
      "strict": false,
      "tags": [],
      "title": "Spring sale",
      "unicode_host": null,
      "updated_at": "2026-11-22T10:20:30.123456Z",
      "warnings": []
    }
    "#);
    let location = created.headers["location"].to_str().unwrap();
    assert_eq!(location, link_path(&created.body["id"]));
    assert_eq!(app.get(location).await.body, created.body);
}

#[tokio::test]
async fn codes_are_generated_when_none_is_given() {
    let app = App::start().await;
    let body = json!({ "original_url": "https://example.com/" });
    let (one, other) = tokio::join!(app.create_link(body.clone()), app.create_link(body));
    let code = one.body["code"].as_str().unwrap();
    assert_eq!(code.len(), 8);
    assert_ne!(one.body["code"], other.body["code"]);
}

#[tokio::test]
async fn a_taken_code_gives_409_and_a_free_one() {
    let app = App::start().await;
    app.link("sale").await;
    app.link("sale-2").await;
    let body = json!({ "original_url": "https://example.com/b", "code": "sale" });
    let refused = app.create_link(body).await;
    assert_eq!(refused.status, 409);
    assert_json_snapshot!(refused.body, { ".request_id" => "[id]" }, @r#"
    {
      "code": "code_taken",
      "detail": "the code \"sale\" is taken, \"sale-3\" is free",
      "request_id": "[id]",
      "status": 409,
      "suggestion": "sale-3",
      "title": "Conflict",
      "type": "about:blank"
    }
    "#);
    app.link("sale-3").await;
}

#[tokio::test]
async fn fifty_people_who_want_one_code_make_one_link() {
    let app = App::start().await;
    let body = json!({ "original_url": "https://example.com/", "code": "rush" });
    let attempts = futures_util::stream::iter(0..50).map(|_| app.create_link(body.clone()));
    let answers: Vec<_> = attempts.buffer_unordered(8).collect().await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let taken = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((made, taken), (1, 49));
}

#[tokio::test]
async fn an_edit_changes_what_it_names_and_null_clears() {
    let app = App::start().await;
    let body = json!({
        "original_url": "https://example.com/a", "title": "A", "expires_at": "2027-01-01T00:00:00Z",
    });
    let link = app.create_link(body).await.body;
    app.clock.advance(1_000_000);
    let edited = app
        .patch_link(
            &link["id"],
            json!({ "title": null, "original_url": "https://example.com/b" }),
        )
        .await;
    assert_eq!(edited.status, 200);
    let mut expected = link.clone();
    expected["title"] = Value::Null;
    expected["original_url"] = "https://example.com/b".into();
    expected["updated_at"] = rfc3339(&app.clock).into();
    expected["revision"] = 2.into();
    assert_eq!(edited.body, expected);

    let edited = app
        .patch_link(&link["id"], json!({ "expires_at": null, "enabled": false }))
        .await;
    assert_eq!(edited.body["expires_at"], Value::Null);
    assert_eq!(edited.body["status"], "disabled");
    assert_eq!(app.get(&link_path(&link["id"])).await.body, edited.body);
}

#[tokio::test]
async fn a_deleted_link_stays_readable_keeps_its_code_and_leaves_the_list() {
    let app = App::start().await;
    let link = app.link("gone").await;
    assert_eq!(app.delete_link(&link["id"]).await.status, 204);
    assert_eq!(
        app.get(&link_path(&link["id"])).await.body["status"],
        "deleted"
    );
    let again = json!({ "original_url": "https://example.com/", "code": "gone" });
    assert_eq!(app.create_link(again).await.status, 409);
    assert_eq!(app.get("/api/v1/links").await.body["data"], json!([]));
    assert_eq!(
        codes(&app.get("/api/v1/links?status=deleted").await.body),
        ["gone"]
    );
}

#[tokio::test]
async fn what_is_in_the_bin_is_gone_for_every_edit() {
    let app = App::start().await;
    let admin = app.key_with(&[Scope::Admin]).await;
    let foreign = app.foreign_key().await;
    let link = app.link("gone").await;
    let path = link_path(&link["id"]);
    assert_eq!(app.delete_link(&link["id"]).await.status, 204);
    let before = app.get(&path).await.body;
    for (method, path, body) in [
        (Method::PATCH, path.clone(), Some(json!({ "title": "x" }))),
        (Method::DELETE, path.clone(), None),
        (Method::POST, format!("{path}/block"), None),
        (Method::POST, format!("{path}/unblock"), None),
        (
            Method::POST,
            format!("{path}/roll-back"),
            Some(json!({ "version": 1 })),
        ),
        (
            Method::POST,
            format!("{path}/split/winner"),
            Some(json!({ "variant": 1 })),
        ),
    ] {
        let refused = app
            .call_with(&admin, method.clone(), &path, body.clone())
            .await;
        let (status, code) = (refused.status, &refused.body["code"]);
        assert_eq!(
            (status, code),
            (410, &json!("link_gone")),
            "{method} {path}"
        );
        let theirs = app.call_with(&foreign, method.clone(), &path, body).await;
        assert!([403, 404].contains(&theirs.status), "{method} {path}");
    }
    for path in ["/api/v1/links/bulk/edit", "/api/v1/links/bulk/delete"] {
        let body = json!({ "select": { "ids": [link["id"]] } });
        let rows = app.call(Method::POST, path, Some(body)).await;
        let row = &rows.body["results"][0];
        assert_eq!((rows.status, &row["done"]), (200, &json!(false)), "{path}");
        assert_eq!(row["problem"]["code"], "link_gone", "{path}");
    }
    assert_eq!(app.get(&path).await.body, before, "nothing has changed");
}

#[tokio::test]
async fn pages_show_every_link_once_also_while_links_are_made() {
    let app = App::start().await;
    for number in 0..7 {
        app.link(&format!("link-{number}")).await;
        // Two links per microsecond: the id decides between them.
        app.clock.advance(i64::from(number % 2));
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/links?limit=3".to_owned();
    loop {
        let page = app.get(&path).await;
        assert_eq!(page.status, 200);
        seen.extend(codes(&page.body).iter().map(|code| code.to_string()));
        app.link(&format!("new-{}", seen.len())).await;
        match page.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/links?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    let expected: Vec<_> = (0..7)
        .rev()
        .map(|number| format!("link-{number}"))
        .collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_list_is_searched_and_filtered() {
    let app = App::start().await;
    let soon = "2026-11-22T10:20:31Z";
    for body in [
        json!({ "original_url": "https://example.com/one", "code": "alpha", "title": "Ärger_100%" }),
        json!({ "original_url": "https://example.com/TWO", "code": "beta", "enabled": false }),
        json!({ "original_url": "https://example.com/three", "code": "gamma", "expires_at": soon }),
    ] {
        assert_eq!(app.create_link(body).await.status, 201);
    }
    app.clock.advance(2_000_000);
    for (query, expected) in [
        ("", vec!["gamma", "beta", "alpha"]),
        ("q=LPHA", vec!["alpha"]),
        ("q=two", vec!["beta"]),
        ("q=%C3%A4rger", vec!["alpha"]),
        ("q=_100%25", vec!["alpha"]),
        ("q=00%25", vec!["alpha"]),
        // Two characters are the beginning of something.
        ("q=AL", vec!["alpha"]),
        ("q=%C3%A4r", vec!["alpha"]),
        ("q=ha", vec![]),
        ("q=%25", vec![]),
        ("q=%5C", vec![]),
        ("q=%20", vec!["gamma", "beta", "alpha"]),
        ("status=active", vec!["alpha"]),
        ("status=disabled", vec!["beta"]),
        ("status=expired", vec!["gamma"]),
        ("status=deleted", vec![]),
        ("status=active&q=two", vec![]),
    ] {
        let page = app.get(&format!("/api/v1/links?{query}")).await;
        assert_eq!(codes(&page.body), expected, "{query}");
    }
}

#[tokio::test]
async fn another_workspace_sees_and_touches_nothing() {
    let app = App::start().await;
    let link = app.link("ours").await;
    let foreign = app.foreign_key().await;
    let path = link_path(&link["id"]);
    for (method, path, body) in [
        (Method::GET, path.clone(), None),
        (Method::GET, format!("{path}/stats"), None),
        (Method::GET, format!("{path}/explain"), None),
        (
            Method::PATCH,
            path.clone(),
            Some(json!({ "title": "theirs" })),
        ),
        (Method::DELETE, path.clone(), None),
    ] {
        let mut request = app.request(method.clone(), &path).bearer_auth(&foreign);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = answer(request).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (404, &json!("link_not_found")),
            "{method} {path}"
        );
    }
    let list = answer(
        app.request(Method::GET, "/api/v1/links")
            .bearer_auth(&foreign),
    )
    .await;
    assert_eq!(list.body["data"], json!([]));
    assert_eq!(app.get(&path).await.body, link);
}

fn codes(page: &Value) -> Vec<&str> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["code"].as_str().unwrap())
        .collect()
}
