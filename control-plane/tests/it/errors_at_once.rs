//! All that is wrong with a body is told at once.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, EMAIL, PASSWORD, link_path};

#[tokio::test]
async fn all_errors_of_a_form_come_at_once() {
    let app = App::start().await;
    let body =
        json!({ "original_url": "nonsense", "code": "a b", "title": "\u{7}", "expires_at": "x" });
    let refused = app.create_link(body).await;
    let errors = refused.body["errors"].as_array().unwrap();
    let fields: Vec<_> = errors
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["original_url", "code", "title", "expires_at"]);
}

/// Fields that an answer refuses, with why, in order.
fn refused_fields(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 422, "{}", answer.body);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = answer.body["errors"].as_array().unwrap().iter();
    let mut fields: Vec<_> = errors
        .map(|error| (text(&error["field"]), text(&error["code"])))
        .collect();
    fields.sort_unstable();
    fields
}

#[tokio::test]
async fn what_cannot_be_read_comes_together_with_what_is_wrong() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let link = app.link("whole").await;
    let patch = link_path(&link["id"]);
    let external = "/api/v1/links/by-external-id/7";
    for (method, path, body, expected) in [
        (
            Method::POST,
            "/api/v1/links",
            json!({ "original_url": 7, "code": "a b", "tags": ["a", 7], "title": "\u{7}", "owner": 1 }),
            vec![
                ("code", "invalid_code"),
                ("original_url", "wrong_type"),
                ("owner", "unknown_field"),
                ("tags[1]", "wrong_type"),
                ("title", "forbidden_character"),
            ],
        ),
        (
            Method::POST,
            "/api/v1/links",
            json!({ "expires_at": "yesterday" }),
            vec![("expires_at", "invalid_time"), ("original_url", "required")],
        ),
        (
            Method::POST,
            "/api/v1/links",
            json!({
                "original_url": "nonsense",
                "tags": [1, "a", 2],
                "rules": [
                    { "if": [{ "country": "DE" }, { "os": ["linux"], "is": 1 }], "then": { "go": "x" } },
                    { "if": [], "then": { "refuse": "never" } },
                    { "then": { "url": 7 } },
                ],
                "split": { "variants": [{ "url": 1, "weight": "all" }], "color": "red" },
            }),
            vec![
                ("original_url", "not_absolute"),
                ("rules[0].if[0].country", "wrong_type"),
                ("rules[0].if[1].is", "unknown_field"),
                ("rules[0].then", "unknown_value"),
                ("rules[1].then.refuse", "unknown_value"),
                ("rules[2].if", "required"),
                ("rules[2].then.url", "wrong_type"),
                ("split.color", "unknown_field"),
                ("split.variants[0].url", "wrong_type"),
                ("split.variants[0].weight", "wrong_type"),
                ("tags[0]", "wrong_type"),
                ("tags[2]", "wrong_type"),
            ],
        ),
        (
            Method::POST,
            "/api/v1/links",
            json!({ "original_url": "https://example.com/", "utm_template": "utm_1", "code": "a b" }),
            vec![
                ("code", "invalid_code"),
                ("utm_template", "unknown_template"),
            ],
        ),
        // What an absent field would mean together with others is not guessed at.
        (
            Method::POST,
            "/api/v1/links",
            json!({ "original_url": "https://example.com/", "redirect_status": 301, "max_age": 7200,
                    "notes": 1 }),
            vec![("notes", "wrong_type")],
        ),
        (
            Method::PATCH,
            &patch,
            json!({ "original_url": "nonsense", "enabled": "yes", "code": "x" }),
            vec![
                ("code", "unknown_field"),
                ("enabled", "wrong_type"),
                ("original_url", "not_absolute"),
            ],
        ),
        (
            Method::PUT,
            external,
            json!({ "code": "a b", "enabled": 1 }),
            vec![
                ("code", "invalid_code"),
                ("enabled", "wrong_type"),
                ("original_url", "required"),
            ],
        ),
        (
            Method::POST,
            "/api/v1/keys",
            json!({ "name": "", "scopes": ["fly"], "rate_limit": 0 }),
            vec![
                ("name", "required"),
                ("rate_limit", "out_of_range"),
                ("scopes[0]", "unknown_value"),
            ],
        ),
        (
            Method::POST,
            "/api/v1/webhooks",
            json!({ "url": "nonsense", "events": "all", "click_thresholds": [0] }),
            vec![
                ("click_thresholds", "out_of_range"),
                ("events", "wrong_type"),
                ("url", "not_absolute"),
            ],
        ),
        (
            Method::POST,
            "/api/v1/utm-templates",
            json!({ "source": "\u{7}", "color": 1 }),
            vec![
                ("color", "unknown_field"),
                ("name", "required"),
                ("source", "forbidden_character"),
            ],
        ),
        (
            Method::POST,
            "/api/v1/invitations",
            json!({ "email": "nobody", "role": "king" }),
            vec![("email", "invalid_email"), ("role", "unknown_value")],
        ),
        (
            Method::PATCH,
            "/api/v1/domains/go.example.org",
            json!({ "root_url": "nonsense", "ignores_case": 1 }),
            vec![("ignores_case", "wrong_type"), ("root_url", "not_absolute")],
        ),
    ] {
        let refused = app.console(&owner, method, path, Some(body.clone())).await;
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(field, code)| (field.to_owned(), code.to_owned()))
            .collect();
        assert_eq!(refused_fields(&refused), expected, "{path} {body}");
    }
    assert_eq!(app.get(&patch).await.body, link, "nothing has changed");
    assert_eq!(app.get(external).await.status, 404, "nothing was made");
}

#[tokio::test]
async fn the_same_goes_for_each_row_of_many() {
    let app = App::start().await;
    let rows = json!([
        { "original_url": 7, "code": "a b", "owner": 1, "password": "x", "utm_template": "utm_1" },
        { "original_url": "https://example.com/", "tags": [1, 2] },
        { "original_url": "https://example.com/" },
    ]);
    let bulk = Some(json!({ "links": rows }));
    let answer = app.call(Method::POST, "/api/v1/links/bulk", bulk).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let results = answer.body["results"].as_array().unwrap();
    let refused: Vec<Vec<_>> = results
        .iter()
        .map(|row| {
            let errors = row["problem"]["errors"].as_array();
            let errors = errors.into_iter().flatten();
            errors
                .map(|error| error["field"].as_str().unwrap())
                .collect()
        })
        .collect();
    let expected = [
        vec!["original_url", "owner", "password", "utm_template", "code"],
        vec!["tags[0]", "tags[1]"],
        vec![],
    ];
    assert_eq!(refused, expected, "{}", answer.body);
}

#[tokio::test]
async fn the_same_goes_for_parameters() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let link = link_path(&app.link("asked").await["id"]);
    for path in [
        "/api/v1/links",
        "/api/v1/audit-log",
        "/api/v1/orphans",
        "/api/v1/imports",
        "/api/v1/reports",
        "/api/v1/tags",
        &format!("{link}/history"),
    ] {
        let path = format!("{path}?limit=0&moon=full");
        let refused = app.console(&owner, Method::GET, &path, None).await;
        let expected = [("limit", "out_of_range"), ("moon", "unknown_parameter")];
        let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
        assert_eq!(refused_fields(&refused), expected, "{path}");
    }
    for (path, expected) in [
        (
            "/api/v1/links?sort=size&created_from=x&total=1",
            ["created_from", "sort", "total"],
        ),
        (
            "/api/v1/links/export.csv?status=odd&created_before=x&domain=a%20b",
            ["created_before", "domain", "status"],
        ),
        (
            &format!("{link}/explain?country=XX&at=x&preview=1"),
            ["at", "country", "preview"],
        ),
    ] {
        let refused = app.console(&owner, Method::GET, path, None).await;
        let fields = refused_fields(&refused);
        let fields: Vec<_> = fields.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, expected, "{path}");
    }
}
