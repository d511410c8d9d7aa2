//! Tags, notes, archive, external ids, and finding a link by its other names.

use contract::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;

use crate::harness::{App, answer, link_path};

#[tokio::test]
async fn notes_and_tags_are_kept_in_order() {
    let app = App::start().await;
    let created = app
        .create_link(json!({
            "original_url": "https://example.com/", "code": "noted",
            "notes": " For the fair.\r\n\tStand 7 ", "external_id": " order-4711 ",
            "tags": ["Spring", " print ", "SPRING", "Ärger"], "archived": true,
        }))
        .await;
    assert_eq!(created.status, 201, "{}", created.body);
    let link = created.body;
    assert_eq!(link["notes"], "For the fair.\n\tStand 7");
    assert_eq!(link["tags"], json!(["print", "spring", "ärger"]));
    assert_eq!(link["external_id"], "order-4711");
    assert_eq!(
        (&link["archived"], &link["status"]),
        (&json!(true), &json!("active"))
    );
    assert!(link["created_by"].as_str().unwrap().starts_with("key_"));
    assert_eq!(app.get(&link_path(&link["id"])).await.body, link);

    let edit = json!({ "tags": ["one"], "notes": null, "external_id": null, "archived": false });
    let edited = app.patch_link(&link["id"], edit).await.body;
    assert_eq!(edited["tags"], json!(["one"]));
    assert_eq!(
        (&edited["notes"], &edited["external_id"]),
        (&Value::Null, &Value::Null)
    );
    let cleared = app.patch_link(&link["id"], json!({ "tags": [] })).await;
    assert_eq!(cleared.body["tags"], json!([]));
}

#[tokio::test]
async fn wrong_notes_tags_and_ids_are_refused() {
    let app = App::start().await;
    let link = app.link("stays").await;
    let many: Vec<String> = (0..51).map(|number| format!("tag-{number}")).collect();
    for (body, field, code) in [
        (json!({ "tags": many }), "tags", "too_many"),
        (json!({ "tags": ["a", ""] }), "tags[1]", "required"),
        (json!({ "tags": ["a,b"] }), "tags[0]", "forbidden_character"),
        (
            json!({ "tags": ["a\u{0}"] }),
            "tags[0]",
            "forbidden_character",
        ),
        (json!({ "tags": ["x".repeat(51)] }), "tags[0]", "too_long"),
        // In lower case, each is two.
        (json!({ "tags": ["İ".repeat(26)] }), "tags[0]", "too_long"),
        (json!({ "tags": "spring" }), "tags", "wrong_type"),
        (json!({ "tags": null }), "tags", "wrong_type"),
        (json!({ "notes": "a\u{0}" }), "notes", "forbidden_character"),
        (json!({ "notes": "x".repeat(10_001) }), "notes", "too_long"),
        (
            json!({ "external_id": "x".repeat(256) }),
            "external_id",
            "too_long",
        ),
        (
            json!({ "external_id": "a\nb" }),
            "external_id",
            "forbidden_character",
        ),
        (json!({ "archived": null }), "archived", "wrong_type"),
        (
            json!({ "created_by": "usr_1" }),
            "created_by",
            "unknown_field",
        ),
    ] {
        let mut made = body.clone();
        made["original_url"] = "https://example.com/".into();
        for refused in [
            app.create_link(made).await,
            app.patch_link(&link["id"], body.clone()).await,
        ] {
            assert_eq!(refused.status, 422, "{body}: {}", refused.body);
            let error = &refused.body["errors"][0];
            assert_eq!(
                (&error["field"], &error["code"]),
                (&json!(field), &json!(code))
            );
        }
    }
    assert_eq!(app.get("/api/v1/links").await.body["data"], json!([link]));
}

#[tokio::test]
async fn no_two_links_outside_the_bin_share_an_external_id() {
    let app = App::start().await;
    let body = json!({ "original_url": "https://example.com/", "external_id": "7" });
    let first = app.create_link(body.clone()).await.body;
    let refused = app.create_link(body.clone()).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("conflict"))
    );
    let other = app.link("other").await;
    let refused = app
        .patch_link(&other["id"], json!({ "external_id": "7" }))
        .await;
    assert_eq!(refused.status, 409);

    app.delete_link(&first["id"]).await;
    assert_eq!(app.get("/api/v1/links/by-external-id/7").await.status, 404);
    let second = app.create_link(body).await;
    assert_eq!(second.status, 201, "the bin gives it back");
    let restore = format!("{}/restore", link_path(&first["id"]));
    let refused = app.call(Method::POST, &restore, None).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("conflict"))
    );
    let found = app.get("/api/v1/links/by-external-id/7").await.body;
    assert_eq!(found, second.body);
}

#[tokio::test]
async fn the_same_put_by_external_id_can_be_sent_again() {
    let app = App::start().await;
    let domain = app.link("other").await["domain"]
        .as_str()
        .unwrap()
        .to_uppercase();
    let expires_at = app.clock.now().to_datetime().unwrap() + Duration::hours(1);
    let body = json!({
        "original_url": "https://example.com/a", "domain": domain, "code": "order",
        "redirect_status": null, "utm": null, "utm_template": null,
        "expires_at": expires_at.format(&Rfc3339).unwrap(),
    });
    let path = "/api/v1/links/by-external-id/4711";
    let put = async || app.call(Method::PUT, path, Some(body.clone())).await;
    let made = put().await;
    assert_eq!(made.status, 201, "{}", made.body);
    // Also once it has expired.
    for hours in [0, 2] {
        app.clock.advance(hours * 3_600_000_000);
        let again = put().await;
        assert_eq!(
            (again.status, &again.body["id"]),
            (200, &made.body["id"]),
            "{}",
            again.body
        );
        assert_eq!(again.body["revision"], made.body["revision"]);
    }
}

#[tokio::test]
async fn putting_by_external_id_makes_then_edits() {
    let app = App::start().await;
    let path = "/api/v1/links/by-external-id/order%2F4711";
    let put = async |body: Value| app.call(Method::PUT, path, Some(body)).await;
    assert_eq!(
        put(json!({})).await.status,
        422,
        "a new link needs a target"
    );
    let body = json!({
        "original_url": "https://example.com/a", "code": "order", "title": "A", "tags": ["x"],
    });
    let made = put(body).await;
    assert_eq!(
        (made.status, &made.body["external_id"]),
        (201, &json!("order/4711"))
    );
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(made.headers["location"], format!("/api/v1/links/{id}"));
    let again = put(json!({ "original_url": "https://example.com/b", "code": "order" })).await;
    assert_eq!(again.headers.get("location"), None);
    assert_eq!((again.status, &again.body["id"]), (200, &made.body["id"]));
    assert_eq!(again.body["original_url"], "https://example.com/b");
    assert_eq!(
        (&again.body["title"], &again.body["tags"]),
        (&json!("A"), &json!(["x"]))
    );
    let cleared = put(json!({ "title": null })).await;
    assert_eq!(cleared.body["title"], Value::Null);
    let refused = put(json!({ "code": "another" })).await;
    assert_eq!(
        (refused.status, &refused.body["errors"][0]["code"]),
        (422, &json!("cannot_be_changed"))
    );
    for name in [json!("another"), json!("a\u{0}b"), json!(7)] {
        let refused = put(json!({ "external_id": name })).await;
        assert_eq!(
            (refused.status, &refused.body["errors"][0]["field"]),
            (422, &json!("external_id"))
        );
    }
    let repeated = put(json!({ "external_id": "order/4711" })).await;
    assert_eq!(repeated.status, 200);
    assert_eq!(put(json!({ "owner_id": 1 })).await.status, 422);
    let list = app.get("/api/v1/links").await.body;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    let foreign = app.foreign_key().await;
    let theirs = answer(app.request(Method::GET, path).bearer_auth(&foreign)).await;
    assert_eq!(theirs.status, 404);
}

#[tokio::test]
async fn ten_who_put_at_once_make_one_link() {
    let app = App::start().await;
    let path = "/api/v1/links/by-external-id/rush";
    let body = json!({ "original_url": "https://example.com/" });
    let puts = (0..10).map(|_| app.call(Method::PUT, path, Some(body.clone())));
    let answers = futures_util::future::join_all(puts).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let edited = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((made, edited), (1, 9));
}

#[tokio::test]
async fn a_link_is_found_by_domain_and_code() {
    let app = App::start().await;
    let link = app.link("by-code").await;
    let path = "/api/v1/links/by-code/go.example.org/by-code";
    assert_eq!(app.get(path).await.body, link);
    let foreign = app.foreign_key().await;
    let theirs = answer(app.request(Method::GET, path).bearer_auth(&foreign)).await;
    assert_eq!(
        (theirs.status, &theirs.body["code"]),
        (404, &json!("link_not_found"))
    );
    for path in [
        "go.example.org/none",
        "else.example/by-code",
        "%F0/x",
        "go.example.org/a%20b",
    ] {
        let path = format!("/api/v1/links/by-code/{path}");
        assert_eq!(app.get(&path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_bin_gives_back_what_was_put_there_for_30_days() {
    let app = App::start().await;
    let link = app.link("back").await;
    let restore = format!("{}/restore", link_path(&link["id"]));
    assert_eq!(
        app.call(Method::POST, &restore, None).await.status,
        409,
        "not in the bin"
    );
    app.delete_link(&link["id"]).await;
    let restored = app.call(Method::POST, &restore, None).await;
    assert_eq!(restored.status, 200);
    let mut expected = link.clone();
    expected["revision"] = 3.into();
    assert_eq!(restored.body, expected);
    let foreign = app.foreign_key().await;
    app.delete_link(&link["id"]).await;
    let theirs = answer(app.request(Method::POST, &restore).bearer_auth(&foreign)).await;
    assert_eq!(theirs.status, 404);
    let bin = async || {
        let page = app.get("/api/v1/links?status=deleted").await.body;
        page["data"].as_array().unwrap().len()
    };
    assert_eq!(bin().await, 1);
    app.clock.advance(30 * 24 * 3600 * 1_000_000);
    let too_late = app.call(Method::POST, &restore, None).await;
    assert_eq!(
        (too_late.status, &too_late.body["code"]),
        (410, &json!("link_gone"))
    );
    assert_eq!(bin().await, 0);
}
