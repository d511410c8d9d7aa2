//! API keys: made, listed, used, rotated, revoked.

use control_plane::auth::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, link_path};

const KEYS: &str = "/api/v1/keys";

/// An app, and a key that may administer.
async fn start() -> (App, String) {
    let app = App::start().await;
    let admin = app.key_with(&[Scope::Admin]).await;
    (app, admin)
}

async fn make(app: &App, admin: &str, body: Value) -> Answer {
    app.call_with(admin, Method::POST, KEYS, Some(body)).await
}

/// A key that must come into being: its id and its text.
async fn made(app: &App, admin: &str, body: Value) -> (String, String) {
    let answer = make(app, admin, body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

#[tokio::test]
async fn a_key_is_shown_once_and_then_without_its_text() {
    let (app, admin) = start().await;
    let answer = make(
        &app,
        &admin,
        json!({
            "name": " newsletter ", "scopes": ["read", "write", "read"],
            "expires_at": "2026-12-24T18:00:00+01:00", "rate_limit": 600,
        }),
    )
    .await;
    assert_eq!(answer.status, 201);
    let id = answer.body["id"].as_str().unwrap();
    assert_eq!(answer.headers["location"], format!("{KEYS}/{id}"));
    let secret = answer.body["secret"].as_str().unwrap().to_owned();
    let mut expected = answer.body.clone();
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!(expected["prefix"], secret[..12]);
    insta::assert_json_snapshot!(expected, { ".id" => "[id]", ".prefix" => "[prefix]" }, @r#"
    {
      "created_at": "2026-11-22T10:20:30.123456Z",
      "domain": null,
      "expires_at": "2026-12-24T17:00:00Z",
      "id": "[id]",
      "last_used_at": null,
      "name": "newsletter",
      "prefix": "[prefix]",
      "rate_limit": 600,
      "replaces": null,
      "scopes": [
        "read",
        "write"
      ],
      "tag": null
    }
    "#);

    let path = format!("{KEYS}/{id}");
    let read = app.call_with(&admin, Method::GET, &path, None).await;
    assert_eq!((read.status, &read.body), (200, &expected));
    let used = app
        .call_with(&secret, Method::GET, "/api/v1/links", None)
        .await;
    assert_eq!(used.status, 200);
    let list = app.call_with(&admin, Method::GET, KEYS, None).await;
    expected["last_used_at"] = json!("2026-11-22T10:20:30.123456Z");
    assert_eq!(list.body["data"].as_array().unwrap().len(), 3);
    assert_eq!(list.body["data"][0], expected);
    assert!(!list.body.to_string().contains(&secret));

    app.clock.advance(40 * 24 * 3_600 * 1_000_000);
    let expired = app
        .call_with(&secret, Method::GET, "/api/v1/links", None)
        .await;
    assert_eq!(expired.status, 401);
}

#[tokio::test]
async fn scopes_say_what_a_key_may_do() {
    let app = App::start().await;
    let link = app.link("scoped").await;
    let path = link_path(&link["id"]);
    let stats = format!("{path}/stats");
    let new = json!({ "original_url": "https://example.com/" });
    let requests = [
        (Method::GET, "/api/v1/links", None),
        (Method::GET, path.as_str(), None),
        (Method::POST, "/api/v1/links", Some(new)),
        (Method::PATCH, path.as_str(), Some(json!({ "title": "x" }))),
        (Method::GET, stats.as_str(), None),
        (Method::GET, KEYS, None),
    ];
    for (scope, expected) in [
        (Scope::Read, [200, 200, 403, 403, 403, 403]),
        (Scope::Write, [403, 403, 201, 200, 403, 403]),
        (Scope::CreateOnly, [403, 403, 201, 403, 403, 403]),
        (Scope::Analytics, [403, 403, 403, 403, 200, 403]),
        (Scope::Admin, [200, 200, 201, 200, 200, 200]),
    ] {
        let key = app.key_with(&[scope]).await;
        for ((method, path, body), expected) in requests.iter().zip(expected) {
            let answer = app
                .call_with(&key, method.clone(), path, body.clone())
                .await;
            assert_eq!(answer.status, expected, "{scope:?} {method} {path}");
            if expected == 403 {
                assert_eq!(answer.body["code"], "missing_scope");
            }
        }
    }
    let create_only = app.key_with(&[Scope::CreateOnly]).await;
    let refused = app
        .call_with(&create_only, Method::DELETE, &path, None)
        .await;
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("\"write\""), "{detail}");
}

#[tokio::test]
async fn wrong_keys_are_refused_by_field_and_code() {
    let (app, admin) = start().await;
    let good = json!({ "name": "x", "scopes": ["read"] });
    for (name, value, code) in [
        ("name", json!(" "), "required"),
        ("name", json!("x".repeat(101)), "too_long"),
        ("name", json!("a\u{0}b"), "forbidden_character"),
        ("scopes", json!([]), "wrong_length"),
        ("scopes[0]", json!(["root"]), "unknown_value"),
        ("domain", json!("a b"), "invalid_domain"),
        ("expires_at", json!("2026-11-22T10:20:30Z"), "in_the_past"),
        ("expires_at", json!("tomorrow"), "invalid_time"),
        ("tag", json!(" "), "required"),
        ("tag", json!("a,b"), "forbidden_character"),
        ("tag", json!("x".repeat(51)), "too_long"),
        ("rate_limit", json!(0), "out_of_range"),
        ("rate_limit", json!(1_000_001), "out_of_range"),
        ("workspace_id", json!("wsp_1"), "unknown_field"),
    ] {
        let mut body = good.clone();
        body[name.trim_end_matches("[0]")] = value;
        let refused = make(&app, &admin, body.clone()).await;
        assert_eq!(refused.status, 422, "{body}");
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(name), &json!(code)),
            "{body}"
        );
    }
    for (field, value) in [("domain", "go.example.org"), ("tag", "print")] {
        let mut mighty = json!({ "name": "x", "scopes": ["admin"] });
        mighty[field] = value.into();
        let refused = make(&app, &admin, mighty).await;
        assert_eq!(refused.body["errors"][0]["code"], "too_mighty");
    }
    let both = json!({ "name": "x", "scopes": ["read"], "domain": "go.example.org", "tag": "a" });
    let refused = make(&app, &admin, both).await;
    assert_eq!(refused.body["errors"][0]["code"], "not_with_domain");
    let foreign = json!({ "name": "x", "scopes": ["read"], "domain": "other.example" });
    assert_eq!(make(&app, &admin, foreign).await.status, 404);
}

#[tokio::test]
async fn a_key_for_one_domain_sees_nothing_else() {
    let (app, admin) = start().await;
    let here = app.link("here").await;
    let there = app.link("there").await;
    let apart = "update links set external_id = '6' where code = 'here';
                 update links set external_id = '7', domain = 'other.example' where code = 'there'";
    sqlx::raw_sql(apart).execute(&app.pool).await.unwrap();
    let by_code = |domain, code| format!("/api/v1/links/by-code/{domain}/{code}");
    let by_external_id = |id| format!("/api/v1/links/by-external-id/{id}");
    let body = json!({ "name": "x", "scopes": ["read", "write", "analytics"], "domain": "GO.example.org" });
    let (_, key) = made(&app, &admin, body).await;
    let call = async |method, path: &str, body| app.call_with(&key, method, path, body).await;
    let list = call(Method::GET, "/api/v1/links", None).await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(list.body["data"][0]["id"], here["id"]);
    let path = link_path(&there["id"]);
    for (method, path, body) in [
        (Method::GET, path.clone(), None),
        (Method::PATCH, path.clone(), Some(json!({ "title": "x" }))),
        (Method::DELETE, path.clone(), None),
        (Method::GET, format!("{path}/stats"), None),
        (Method::GET, format!("{path}/explain"), None),
        (Method::GET, by_code("other.example", "there"), None),
        (Method::GET, by_external_id("7"), None),
    ] {
        let refused = call(method, &path, body).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (404, &json!("link_not_found"))
        );
    }
    let path = link_path(&here["id"]);
    for path in [
        path.clone(),
        by_code("go.example.org", "here"),
        by_external_id("6"),
    ] {
        let found = call(Method::GET, &path, None).await;
        assert_eq!(
            (found.status, &found.body["id"]),
            (200, &here["id"]),
            "{path}"
        );
    }
    assert_eq!(call(Method::DELETE, &path, None).await.status, 204);
    let new = json!({ "original_url": "https://example.com/" });
    assert_eq!(
        call(Method::POST, "/api/v1/links", Some(new)).await.status,
        201
    );
    let refused = call(Method::GET, "/api/v1/domains", None).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (403, &json!("one_domain_only"))
    );
}

#[tokio::test]
async fn a_key_for_one_tag_sees_makes_and_keeps_links_with_it() {
    let (app, admin) = start().await;
    let bare = app.link("bare").await;
    let other = app.link("other").await;
    let tags = json!({ "tags": ["Print"] });
    let tagged = app.patch_link(&other["id"], tags).await.body;
    let body = json!({ "name": "x", "scopes": ["read", "write", "analytics"], "tag": " Print " });
    let (id, key) = made(&app, &admin, body).await;
    let call = async |method, path: &str, body| app.call_with(&key, method, path, body).await;
    let ids = async |query: &str| {
        let list = call(Method::GET, &format!("/api/v1/links{query}"), None).await;
        assert_eq!(list.status, 200, "{}", list.body);
        let links = list.body["data"].as_array().unwrap().iter();
        let ids: Vec<Value> = links.map(|link| link["id"].clone()).collect();
        (ids, list.body["total"].clone())
    };
    assert_eq!(
        ids("?total=true").await,
        (vec![tagged["id"].clone()], json!(1))
    );
    assert_eq!(ids("?any_tag=a,print").await.0.len(), 1);
    assert_eq!(ids("?all_tags=a").await.0.len(), 0);
    assert_eq!(ids("?no_tag=print").await.0.len(), 0);

    let new = json!({ "original_url": "https://example.com/", "tags": ["a"] });
    let new = call(Method::POST, "/api/v1/links", Some(new)).await;
    assert_eq!(
        (new.status, &new.body["tags"]),
        (201, &json!(["a", "print"]))
    );
    let path = link_path(&new.body["id"]);
    let many: Vec<String> = (0..50).map(|number| format!("tag-{number}")).collect();
    let many = json!({ "tags": many, "original_url": "https://example.com/" });
    let refused = call(Method::POST, "/api/v1/links", Some(many.clone())).await;
    assert_eq!(refused.body["errors"][0]["code"], "too_many");
    let refused = call(Method::PATCH, &path, Some(many)).await;
    assert_eq!(refused.body["errors"][0]["code"], "too_many");
    for (change, kept) in [
        (json!({ "tags": [] }), json!(["print"])),
        (json!({ "tags": ["z", "print"] }), json!(["print", "z"])),
        (json!({ "title": "x" }), json!(["print", "z"])),
    ] {
        let edited = call(Method::PATCH, &path, Some(change)).await;
        assert_eq!((edited.status, &edited.body["tags"]), (200, &kept));
    }
    // Its first version had none.
    let path = link_path(&tagged["id"]);
    let back = json!({ "version": 1 });
    let back = call(Method::POST, &format!("{path}/roll-back"), Some(back)).await;
    assert_eq!((back.status, &back.body["tags"]), (200, &json!(["print"])));
    assert_eq!(call(Method::DELETE, &path, None).await.status, 204);
    let restored = call(Method::POST, &format!("{path}/restore"), None).await;
    assert_eq!(restored.status, 200);
    assert_eq!(
        call(Method::DELETE, &link_path(&bare["id"]), None)
            .await
            .status,
        404
    );

    let rotate = format!("{KEYS}/{id}/rotate");
    let rotated = app
        .call_with(&admin, Method::POST, &rotate, Some(json!({})))
        .await;
    assert_eq!(rotated.body["tag"], "print");
    app.patch_link(&tagged["id"], json!({ "tags": [] })).await;
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let body = (method == Method::PATCH).then(|| json!({ "title": "y" }));
        assert_eq!(
            call(method, &path, body).await.status,
            404,
            "no longer theirs"
        );
    }
}

#[tokio::test]
async fn rotation_lets_both_keys_work_for_a_while() {
    let (app, admin) = start().await;
    let (id, old) = made(&app, &admin, json!({ "name": "x", "scopes": ["read"] })).await;
    let rotate = async |id: &str, body| {
        let path = format!("{KEYS}/{id}/rotate");
        app.call_with(&admin, Method::POST, &path, Some(body)).await
    };
    let rotated = rotate(&id, json!({ "overlap": "1h" })).await;
    assert_eq!(rotated.status, 201, "{}", rotated.body);
    let new = rotated.body["secret"].as_str().unwrap();
    assert_eq!(rotated.body["replaces"], json!(id));
    assert_eq!(rotated.body["scopes"], json!(["read"]));
    assert_eq!(rotated.body["expires_at"], Value::Null);
    let works = async |key: &str| {
        let answer = app.call_with(key, Method::GET, "/api/v1/links", None).await;
        answer.status == 200
    };
    assert!(works(&old).await && works(new).await);
    assert_eq!(rotate(&id, json!({})).await.status, 409, "rotated before");
    app.clock.advance(3_600_000_000);
    assert!(!works(&old).await && works(new).await);
    for overlap in ["soon", "31days", "-1h"] {
        let refused = rotate(
            rotated.body["id"].as_str().unwrap(),
            json!({ "overlap": overlap }),
        );
        assert_eq!(refused.await.status, 422, "{overlap}");
    }
    assert_eq!(
        rotate("key_0000000000000000000000", json!({})).await.status,
        404
    );
}

#[tokio::test]
async fn a_revoked_key_is_gone_and_another_workspaces_is_not_there() {
    let (app, admin) = start().await;
    let (id, key) = made(&app, &admin, json!({ "name": "x", "scopes": ["read"] })).await;
    let foreign = app.foreign_key().await;
    sqlx::query("update api_keys set scopes = '{admin}' where name = 'foreign'")
        .execute(&app.pool)
        .await
        .unwrap();
    let path = format!("{KEYS}/{id}");
    for (method, path, body) in [
        (Method::GET, path.clone(), None),
        (Method::POST, format!("{path}/rotate"), Some(json!({}))),
        (Method::DELETE, path.clone(), None),
    ] {
        let answer = app.call_with(&foreign, method, &path, body).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let list = app.call_with(&foreign, Method::GET, KEYS, None).await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 1);
    for (expected, works) in [(204, 401), (404, 401)] {
        let revoked = app.call_with(&admin, Method::DELETE, &path, None).await;
        assert_eq!(revoked.status, expected);
        let used = app
            .call_with(&key, Method::GET, "/api/v1/links", None)
            .await;
        assert_eq!(used.status, works);
    }
    assert_eq!(
        app.call_with(&admin, Method::GET, &path, None).await.status,
        404
    );
}
