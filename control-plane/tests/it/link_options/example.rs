//! An example of everything that a link may have, and what the edge is told.

use contract::LinkRecord;
use serde_json::{Value, json};

use crate::harness::{App, INTERNAL_SECRET};

/// What proxies are told about a link.
pub async fn record(app: &App, code: &str) -> LinkRecord {
    let query = format!("domain=go.example.org&code={code}");
    let url = format!("{}/internal/resolve?{query}", app.admin_url);
    let request = app.client.get(url).bearer_auth(INTERNAL_SECRET);
    let body = request.send().await.unwrap().bytes().await.unwrap();
    LinkRecord::decode(&body).unwrap()
}

/// Everything at once, as it is shown again.
pub fn everything() -> Value {
    json!({
        "redirect_status": 307,
        "starts_at": "2026-12-01T00:00:00Z",
        "expires_at": "2027-01-01T00:00:00Z",
        "expired_url": "https://example.com/over",
        "click_cap": {
            "limit": 1000,
            "used_up_url": "https://example.com/sold-out",
            "redirects_uncounted": true,
        },
        "rules": [
            {
                "if": [
                    { "country": ["DE", "AT"] },
                    { "continent": ["EU"], "not": true },
                    { "region": ["BY"] },
                    { "city": ["München"] },
                    { "device": ["mobile", "tablet"] },
                    { "os": ["ios"] },
                    { "browser": ["safari", "in_app"] },
                    { "language": ["de", "pt-BR"] },
                    { "query": { "name": "ref", "value": "present" } },
                    { "query": { "name": "ref", "value": { "equals": "a%20b" } } },
                    { "referrer": ["t.co"] },
                    { "address": ["192.0.2.0/24", "2001:db8::/32"] },
                    { "before": "2026-12-24T18:00:00Z" },
                    { "after": "2026-12-01T00:00:00.5Z" },
                    { "hours": {
                        "zone": "Europe/Berlin", "days": ["mon", "fri"],
                        "from": "08:00", "until": "24:00",
                    } },
                ],
                "then": { "url": "https://example.com/de" },
            },
            { "if": [], "then": { "refuse": "unavailable" } },
        ],
        "split": {
            "variants": [
                { "url": "https://example.com/a", "weight": 3 },
                { "url": "https://example.com/b", "weight": 0 },
            ],
            "uses_cookie": true,
        },
        "social_preview": {
            "title": "Spring sale",
            "description": "All must go",
            "image_url": "https://example.com/sale.png",
        },
        "passes_query": true,
        "passes_path": true,
        "strict": true,
        "indexable": true,
        "max_age": 86_400,
    })
}

/// With a target and a code, to be created.
pub fn created_with(options: &Value) -> Value {
    let mut body = options.clone();
    body["original_url"] = "https://example.com/".into();
    body
}
