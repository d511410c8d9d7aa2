//! Values that are refused, but for rules.

use serde_json::{Value, json};

use super::example::created_with;
use crate::harness::App;

/// Each wrong value with the field and the code it is refused by.
fn refused() -> Vec<(Value, &'static str, &'static str)> {
    let long = "x".repeat(201);
    let split = |variants: Value| json!({ "split": { "variants": variants } });
    let variant = |weight: i64| json!({ "url": "https://example.com/", "weight": weight });
    let cap = |limit: i64| json!({ "click_cap": { "limit": limit } });
    vec![
        (
            json!({ "redirect_status": 303 }),
            "redirect_status",
            "unknown_status",
        ),
        (
            json!({ "redirect_status": -1 }),
            "redirect_status",
            "wrong_type",
        ),
        (
            json!({ "redirect_status": "302" }),
            "redirect_status",
            "wrong_type",
        ),
        (json!({ "starts_at": "soon" }), "starts_at", "invalid_time"),
        (
            json!({ "starts_at": "0000-01-01T00:00:00+23:00" }),
            "starts_at",
            "too_early",
        ),
        (
            json!({ "starts_at": "9999-12-31T23:59:59-23:00" }),
            "starts_at",
            "too_late",
        ),
        (
            json!({ "starts_at": "2027-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z" }),
            "starts_at",
            "after_expiry",
        ),
        (
            json!({ "expired_url": "javascript:alert(1)" }),
            "expired_url",
            "forbidden_scheme",
        ),
        (
            json!({ "expired_url": "https://go.example.org/x" }),
            "expired_url",
            "own_domain",
        ),
        (cap(0), "click_cap.limit", "out_of_range"),
        (cap(-1), "click_cap.limit", "out_of_range"),
        (cap(1_000_000_000_001), "click_cap.limit", "out_of_range"),
        (json!({ "click_cap": {} }), "click_cap.limit", "required"),
        (json!({ "click_cap": 5 }), "click_cap", "wrong_type"),
        (
            json!({ "click_cap": { "limit": 1, "used": 0 } }),
            "click_cap.used",
            "unknown_field",
        ),
        (
            json!({ "click_cap": { "limit": 1, "used_up_url": "http://10.0.0.1/" } }),
            "click_cap.used_up_url",
            "private_address",
        ),
        (json!({ "password": "abc" }), "password", "wrong_length"),
        (json!({ "password": long }), "password", "wrong_length"),
        (
            json!({ "password": "abcd\u{0}" }),
            "password",
            "forbidden_character",
        ),
        (json!({ "password": 1234 }), "password", "wrong_type"),
        (split(json!([variant(1)])), "split.variants", "wrong_length"),
        (
            split(json!(vec![variant(1); 9])),
            "split.variants",
            "wrong_length",
        ),
        (
            split(json!([variant(0), variant(0)])),
            "split.variants",
            "no_weight",
        ),
        (
            split(json!([variant(1), variant(-1)])),
            "split.variants[1].weight",
            "out_of_range",
        ),
        (
            split(json!([variant(1), variant(1_000_001)])),
            "split.variants[1].weight",
            "out_of_range",
        ),
        (
            split(json!([variant(1), { "url": "ftp://example.com/", "weight": 1 }])),
            "split.variants[1].url",
            "forbidden_scheme",
        ),
        (
            split(json!([variant(1), { "url": "https://example.com/", "weight": 1, "name": "b" }])),
            "split.variants[1].name",
            "unknown_field",
        ),
        (
            json!({ "split": { "variants": [], "sticky": true } }),
            "split.sticky",
            "unknown_field",
        ),
        (
            json!({ "social_preview": {} }),
            "social_preview",
            "required",
        ),
        (
            json!({ "social_preview": { "title": " " } }),
            "social_preview",
            "required",
        ),
        (
            json!({ "social_preview": { "title": long } }),
            "social_preview.title",
            "too_long",
        ),
        (
            json!({ "social_preview": { "description": "a\nb" } }),
            "social_preview.description",
            "forbidden_character",
        ),
        (
            json!({ "social_preview": { "image_url": "data:image/png,x" } }),
            "social_preview.image_url",
            "forbidden_scheme",
        ),
        (
            json!({ "social_preview": { "video": "x" } }),
            "social_preview.video",
            "unknown_field",
        ),
        (
            json!({ "passes_query": "yes" }),
            "passes_query",
            "wrong_type",
        ),
        (json!({ "passes_path": 1 }), "passes_path", "wrong_type"),
        (json!({ "strict": null }), "strict", "wrong_type"),
        (json!({ "indexable": [] }), "indexable", "wrong_type"),
        (json!({ "max_age": -1 }), "max_age", "out_of_range"),
        (json!({ "max_age": 86_401 }), "max_age", "out_of_range"),
        (json!({ "max_age": 1.5 }), "max_age", "wrong_type"),
        (
            json!({ "max_age": 3_601, "redirect_status": 301 }),
            "max_age",
            "too_long_for_permanent",
        ),
        (json!({ "options": {} }), "options", "unknown_field"),
        (
            json!({ "is_blocked": false }),
            "is_blocked",
            "unknown_field",
        ),
    ]
}

#[tokio::test]
async fn wrong_values_are_refused_by_field_and_code() {
    assert_refused(&refused()).await;
}

/// Neither a link can be made with these, nor one be edited to have them.
pub async fn assert_refused(refused: &[(Value, &str, &str)]) {
    let app = App::start().await;
    let link = app.link("stays").await;
    for (body, field, code) in refused {
        for refused in [
            app.create_link(created_with(body)).await,
            app.patch_link(&link["id"], body.clone()).await,
        ] {
            assert_eq!(refused.status, 422, "{body}: {}", refused.body);
            let error = &refused.body["errors"][0];
            let found = (&error["field"], &error["code"]);
            assert_eq!(found, (&json!(field), &json!(code)), "{body}");
        }
    }
    assert_eq!(app.get("/api/v1/links").await.body["data"], json!([link]));
}

#[tokio::test]
async fn an_edit_must_fit_what_is_there() {
    let app = App::start().await;
    let link = app.link("fits").await;
    let good = json!({
        "starts_at": "2026-12-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z",
        "max_age": 86_400, "redirect_status": 307,
    });
    assert_eq!(app.patch_link(&link["id"], good).await.status, 200);
    for (body, field) in [
        (json!({ "starts_at": "2027-01-01T00:00:00Z" }), "starts_at"),
        (json!({ "expires_at": "2026-11-30T00:00:00Z" }), "starts_at"),
        (json!({ "redirect_status": 308 }), "max_age"),
    ] {
        let refused = app.patch_link(&link["id"], body).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.body["errors"][0]["field"], field);
    }
    let both = json!({ "redirect_status": 308, "max_age": 3_600 });
    assert_eq!(app.patch_link(&link["id"], both).await.status, 200);
}
