//! Hostile and mistaken input: each gets its answer, and nothing is stored.

use reqwest::Method;
use serde_json::json;

use crate::harness::{App, answer, link_path};

async fn post(
    app: &App,
    content_type: &str,
    body: impl Into<reqwest::Body>,
) -> (u16, serde_json::Value) {
    let request = app
        .request(Method::POST, "/api/v1/links")
        .bearer_auth(&app.key);
    let answer = answer(request.header("content-type", content_type).body(body)).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn bodies_that_are_not_a_json_object_are_refused() {
    let app = App::start().await;
    let deep = "[".repeat(10_000);
    let nested = format!("{{\"title\":{deep}");
    let large = format!(
        "{{\"original_url\":\"https://example.com/{}\"}}",
        "x".repeat(65 * 1024)
    );
    for (body, expected) in [
        ("", 400),
        ("{", 400),
        ("{\"original_url\":\"https://example.com/\"", 400),
        ("{\"original_url\":\"https://example.com/\"} x", 400),
        (deep.as_str(), 400),
        (nested.as_str(), 400),
        (
            "{\"original_url\":\"https://a.com/\",\"original_url\":\"https://b.com/\"}",
            400,
        ),
        (large.as_str(), 413),
        ("null", 422),
        ("[]", 422),
        ("[\"https://example.com/\"]", 422),
        ("\"https://example.com/\"", 422),
        ("{}", 422),
        ("{\"original_url\":123}", 422),
        ("{\"original_url\":null}", 422),
    ] {
        let (status, answer) = post(&app, "application/json", body.to_owned()).await;
        assert_eq!(status, expected, "{:.60}: {answer}", body);
    }
    let (status, _) = post(&app, "application/json", b"{\"title\":\"\xff\"}".to_vec()).await;
    assert_eq!(status, 400, "invalid UTF-8");
    let good = "{\"original_url\":\"https://example.com/\"}";
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "application/json; charset=iso-8859-1",
        "application/json; charset=\"UTF-16\"",
    ] {
        assert_eq!(
            post(&app, content_type, good).await.0,
            415,
            "{content_type}"
        );
    }
    assert_eq!(
        post(&app, "Application/JSON; charset=utf-8", good).await.0,
        201
    );
    for coding in ["gzip", "br", "identity, gzip"] {
        let request = app
            .request(Method::POST, "/api/v1/links")
            .bearer_auth(&app.key)
            .header("content-type", "application/json");
        let coded = request.header("content-encoding", coding).body(good);
        assert_eq!(answer(coded).await.status, 415, "{coding}");
    }
    assert_eq!(
        app.get("/api/v1/links").await.body["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn fields_are_refused_by_name_and_code() {
    let app = App::start().await;
    let long_title = "x".repeat(513);
    let long_code = "x".repeat(65);
    for (field, value, code) in [
        ("original_url", json!(""), "required"),
        ("original_url", json!("   "), "required"),
        (
            "original_url",
            json!(format!("https://example.com/{}", "x".repeat(2029))),
            "too_long",
        ),
        (
            "original_url",
            json!("javascript:alert(1)"),
            "forbidden_scheme",
        ),
        (
            "original_url",
            json!("java\nscript:alert(1)"),
            "forbidden_character",
        ),
        (
            "original_url",
            json!("ftp://example.com/"),
            "forbidden_scheme",
        ),
        ("original_url", json!("//evil.com/x"), "not_absolute"),
        (
            "original_url",
            json!("https://example.com/\r\nSet-Cookie: a=b"),
            "forbidden_character",
        ),
        (
            "original_url",
            json!("https://user:pass@evil.com/"),
            "credentials",
        ),
        (
            "original_url",
            json!("http://169.254.169.254/latest"),
            "private_address",
        ),
        (
            "original_url",
            json!("https://GO.example.org/x"),
            "own_domain",
        ),
        ("code", json!("a/b"), "invalid_code"),
        ("code", json!(".."), "invalid_code"),
        ("code", json!("a b"), "invalid_code"),
        ("code", json!("é"), "invalid_code"),
        ("code", json!(""), "invalid_code"),
        ("code", json!(long_code), "invalid_code"),
        ("code", json!("api"), "reserved"),
        ("code", json!("robots.txt"), "invalid_code"),
        ("title", json!(long_title), "too_long"),
        ("title", json!("a\u{0}b"), "forbidden_character"),
        ("expires_at", json!("2026-11-22T10:20:30Z"), "in_the_past"),
        ("expires_at", json!("10000-01-01T00:00:00Z"), "invalid_time"),
        ("expires_at", json!("9999-12-31T23:59:59-23:00"), "too_late"),
        ("expires_at", json!("tomorrow"), "invalid_time"),
        ("expires_at", json!("2027-01-31_12:00:00Z"), "invalid_time"),
        ("expires_at", json!(1_795_342_830), "wrong_type"),
        ("enabled", json!("yes"), "wrong_type"),
        ("owner_id", json!("usr_1"), "unknown_field"),
    ] {
        let mut body = json!({ "original_url": "https://example.com/" });
        body[field] = value.clone();
        let refused = app.create_link(body).await;
        assert_eq!(refused.status, 422, "{field} {value}: {}", refused.body);
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code)),
            "{value}"
        );
    }
    let foreign = json!({ "original_url": "https://example.com/", "domain": "other.example" });
    assert_eq!(app.create_link(foreign).await.status, 404);
    assert_eq!(
        app.get("/api/v1/links").await.body["data"],
        json!([]),
        "nothing was stored"
    );
}

#[tokio::test]
async fn edits_are_checked_like_creations() {
    let app = App::start().await;
    let link = app.link("edit").await;
    for (body, code) in [
        (
            json!({ "original_url": "javascript:alert(1)" }),
            "forbidden_scheme",
        ),
        (
            json!({ "expires_at": "2020-01-01T00:00:00Z" }),
            "in_the_past",
        ),
        (json!({ "code": "other" }), "unknown_field"),
        (json!({ "enabled": 1 }), "wrong_type"),
        (json!({ "enabled": null }), "wrong_type"),
        (json!({ "original_url": null }), "wrong_type"),
    ] {
        let refused = app.patch_link(&link["id"], body).await;
        assert_eq!(
            (refused.status, &refused.body["errors"][0]["code"]),
            (422, &json!(code))
        );
    }
    assert_eq!(app.get(&link_path(&link["id"])).await.body, link);
}

#[tokio::test]
async fn hosts_are_checked_alike_wherever_a_link_has_one() {
    let app = App::start().await;
    let link = app.link("edit").await;
    for (url, code) in [
        ("http://exa%C2%ADmple.com/", "forbidden_character"),
        ("http://xn--example-sb0e.com/", "forbidden_character"),
        (
            "https://example.com\u{2215}login.evil.com/",
            "forbidden_character",
        ),
        ("https://*.example.com/", "invalid_host"),
        ("https://foo-.com/", "invalid_host"),
        ("http://localhost.localdomain/", "private_address"),
        ("http://wiki.corp/", "private_address"),
        ("https://goo.gl/x", "known_shortener"),
    ] {
        let rule = json!({ "if": [{ "country": ["DE"] }], "then": { "url": url } });
        for (field, name, value) in [
            ("original_url", "original_url", json!(url)),
            ("rules[0].then.url", "rules", json!([rule])),
        ] {
            let edit = json!({ name: value });
            let mut whole = json!({ "original_url": "https://example.com/" });
            whole[name] = value;
            for refused in [
                app.create_link(whole).await,
                app.patch_link(&link["id"], edit).await,
            ] {
                let error = &refused.body["errors"][0];
                assert_eq!(
                    (refused.status, &error["field"], &error["code"]),
                    (422, &json!(field), &json!(code)),
                    "{url}"
                );
            }
        }
    }
    assert_eq!(app.get(&link_path(&link["id"])).await.body, link);
}

#[tokio::test]
async fn query_parameters_are_checked() {
    let app = App::start().await;
    let link = app.link("query").await;
    let cursor_of_another_shape = "AAAA";
    let stats = format!("{}/stats", link_path(&link["id"]));
    for (path, expected) in [
        ("/api/v1/links?limit=0".to_owned(), 422),
        ("/api/v1/links?limit=-1".to_owned(), 422),
        ("/api/v1/links?limit=1e9".to_owned(), 422),
        ("/api/v1/links?limit=101".to_owned(), 422),
        ("/api/v1/links?sort=random".to_owned(), 422),
        ("/api/v1/links?status=unknown".to_owned(), 422),
        ("/api/v1/links?q=%00".to_owned(), 422),
        (format!("/api/v1/links?q={}", "x".repeat(201)), 422),
        // 200 characters of four bytes each.
        (
            format!("/api/v1/links?q={}", "%F0%9F%92%A3".repeat(200)),
            200,
        ),
        (
            format!("/api/v1/links?cursor={cursor_of_another_shape}"),
            400,
        ),
        ("/api/v1/links?cursor=%F0%9F%92%A3".to_owned(), 400),
        (format!("{stats}?from=yesterday"), 422),
        (format!("{stats}?from=2026-11-22_10:00:00Z"), 422),
        (
            format!("{stats}?from=2026-11-22T10:00:00Z&to=2026-11-21T10:00:00Z"),
            422,
        ),
        (format!("{stats}?from=2020-01-01T00:00:00Z"), 422),
        (format!("{stats}?to=9999-12-31T23:59:59Z"), 422),
        (format!("{stats}?to=0000-01-01T00:00:00Z"), 422),
        (
            format!("{stats}?from=9999-12-31T22:00:00Z&to=9999-12-31T23:59:59Z"),
            422,
        ),
        (format!("{stats}?interval=second"), 422),
        ("/api/v1/links/lnk_0000000000000000000000".to_owned(), 404),
        ("/api/v1/links/nonsense".to_owned(), 404),
        ("/api/v1/links/%00".to_owned(), 404),
        ("/api/v1/links/%FF".to_owned(), 404),
    ] {
        assert_eq!(app.get(&path).await.status, expected, "{path}");
    }
}

#[tokio::test]
async fn links_of_other_shorteners_are_no_targets_unless_the_installation_wants_them() {
    let hidden = "https://bit.ly/x";
    let variants = json!([{ "url": "https://a.example.com/", "weight": 1 },
                          { "url": hidden, "weight": 1 }]);
    let app = App::start().await;
    for (body, field) in [
        (json!({ "original_url": hidden }), "original_url"),
        (
            json!({ "original_url": "https://a.example.com/", "split": { "variants": variants } }),
            "split.variants[1].url",
        ),
    ] {
        let refused = app.create_link(body).await;
        let error = &refused.body["errors"][0];
        assert_eq!(
            (refused.status, &error["field"], &error["code"]),
            (422, &json!(field), &json!("known_shortener"))
        );
    }
    let setting = ("LINKPULSE_REFUSE_SHORTENERS", "false".to_owned());
    let app = App::start_with(&[setting]).await;
    let made = app.create_link(json!({ "original_url": hidden })).await;
    assert_eq!(made.status, 201, "{}", made.body);
}
