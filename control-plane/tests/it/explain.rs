//! What a visitor would get, and why.

use serde_json::{Value, json};

use crate::harness::{App, link_path};

/// Safari on an iPhone, percent-encoded.
const IPHONE: &str = "Mozilla%2F5.0%20(iPhone%3B%20CPU%20iPhone%20OS%2018_5%20like%20Mac%20OS%20X)%20\
    AppleWebKit%2F605.1.15%20(KHTML%2C%20like%20Gecko)%20Version%2F18.5%20Mobile%2F15E148%20\
    Safari%2F604.1";

async fn explain(app: &App, link: &Value, query: &str) -> Value {
    let path = format!("{}/explain?{query}", link_path(&link["id"]));
    let explained = app.get(&path).await;
    assert_eq!(explained.status, 200, "{query}: {}", explained.body);
    explained.body
}

/// Outcome, status and place, rule and variant.
fn short(explained: &Value) -> (&str, u64, &str, u64, u64) {
    let number = |name: &str| explained[name].as_u64().unwrap_or(0);
    (
        explained["outcome"].as_str().unwrap(),
        number("status"),
        explained["location"].as_str().unwrap_or(""),
        number("rule"),
        number("variant"),
    )
}

async fn link(app: &App, more: Value) -> Value {
    let mut body = more;
    body["original_url"] = "https://example.com/".into();
    let created = app.create_link(body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    created.body
}

#[tokio::test]
async fn an_explanation_says_everything() {
    let app = App::start().await;
    let more = json!({
        "redirect_status": 307,
        "rules": [
            { "if": [{ "country": ["DE"] }, { "os": ["ios"] }], "then": { "refuse": "gone" } },
            { "if": [{ "os": ["ios"] }], "then": { "url": "https://example.com/ios" } },
        ],
    });
    let link = link(&app, more).await;
    let explained = explain(&app, &link, &format!("ua={IPHONE}&country=AT")).await;
    assert_eq!(
        explained,
        json!({
            "outcome": "redirect",
            "status": 307,
            "location": "https://example.com/ios",
            "rule": 2,
            "variant": null,
            "why": "rule 2 is the first that matches",
            "agent": { "kind": "person", "device": "mobile", "os": "ios", "browser": "safari" },
            "rules": [
                { "matches": false, "conditions": [false, true] },
                { "matches": true, "conditions": [true] },
            ],
        })
    );
}

#[tokio::test]
async fn every_fact_of_a_visit_can_be_imagined() {
    let app = App::start().await;
    for (condition, query) in [
        (json!({ "country": ["DE"] }), "country=de".to_owned()),
        (json!({ "continent": ["EU"] }), "country=DE".to_owned()),
        (json!({ "region": ["by"] }), "region=BY".to_owned()),
        (
            json!({ "city": ["München"] }),
            "city=M%C3%BCnchen".to_owned(),
        ),
        (json!({ "device": ["mobile"] }), format!("ua={IPHONE}")),
        (json!({ "language": ["de"] }), "language=de-AT".to_owned()),
        (
            json!({ "query": { "name": "a", "value": { "equals": "%20" } } }),
            "query=b%26a%3D%2520".to_owned(),
        ),
        (
            json!({ "referrer": ["t.co"] }),
            "referrer=https://t.co/x".to_owned(),
        ),
        (
            json!({ "address": ["192.0.2.0/24"] }),
            "ip=192.0.2.9".to_owned(),
        ),
        (
            json!({ "after": "2027-01-01T00:00:00Z" }),
            "at=2027-01-01T00:00:00Z".to_owned(),
        ),
    ] {
        let rule = json!({ "if": [condition], "then": { "refuse": "unavailable" } });
        let link = link(&app, json!({ "rules": [rule] })).await;
        let matching = explain(&app, &link, &query).await;
        assert_eq!(short(&matching), ("refusal", 451, "", 1, 0), "{condition}");
        assert_eq!(
            matching["why"],
            "rule 1 is the first that matches, and refuses"
        );
        let other = explain(&app, &link, "").await;
        assert_eq!(
            short(&other),
            ("redirect", 302, "https://example.com/", 0, 0),
            "{condition}"
        );
        assert_eq!(other["why"], "no rule matches: its target");
    }
}

#[tokio::test]
async fn states_and_options_are_explained_as_the_edge_sees_them() {
    let app = App::start().await;
    let there = ("redirect", 302, "https://example.com/", 0, 0);
    let plain = link(&app, json!({ "expires_at": "2027-01-01T00:00:00Z" })).await;
    for (query, expected, why) in [
        ("", there, "its target"),
        (
            "preview=true",
            ("preview", 200, "", 0, 0),
            "the preview is asked for",
        ),
        (
            "at=2027-01-01T00:00:00Z",
            ("refusal", 410, "", 0, 0),
            "it has expired",
        ),
        (
            "path=/x",
            ("refusal", 404, "", 0, 0),
            "something follows the code, and it does not pass that on",
        ),
    ] {
        let explained = explain(&app, &plain, query).await;
        assert_eq!(
            (short(&explained), explained["why"].as_str()),
            (expected, Some(why))
        );
    }

    let rich = link(
        &app,
        json!({
            "starts_at": "2026-12-01T00:00:00Z",
            "expires_at": "2027-01-01T00:00:00Z",
            "expired_url": "https://example.com/over",
            "password": "1234",
            "passes_path": true,
            "passes_query": true,
            "social_preview": { "title": "x" },
        }),
    )
    .await;
    for (query, expected, why) in [
        ("", ("refusal", 404, "", 0, 0), "it has not begun"),
        (
            "at=2026-12-01T00:00:00Z",
            ("password", 200, "", 0, 0),
            "it has a password",
        ),
        (
            "at=2026-12-01T00:00:00Z&unlocked=true&path=/a&query=b",
            ("redirect", 302, "https://example.com/a?b", 0, 0),
            "its target",
        ),
        (
            "at=2026-12-01T00:00:00Z&ua=WhatsApp/2.24.8.85%20A",
            ("social_preview", 200, "", 0, 0),
            "a chat asks, and the link has a preview of its own",
        ),
        (
            "at=2027-01-01T00:00:00Z",
            ("redirect", 302, "https://example.com/over", 0, 0),
            "it has expired, and has a place for that",
        ),
    ] {
        let explained = explain(&app, &rich, query).await;
        assert_eq!(
            (short(&explained), explained["why"].as_str()),
            (expected, Some(why))
        );
    }

    sqlx::query(
        "insert into domains (domain, workspace_id, expired_url, created_at, updated_at, revision)
         select 'go.example.org', id, 'https://example.com/museum', now(), now(), 1
         from workspaces",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    let expired = explain(&app, &plain, "at=2027-01-01T00:00:00Z").await;
    assert_eq!(
        short(&expired),
        ("redirect", 302, "https://example.com/museum", 0, 0)
    );
    app.delete_link(&plain["id"]).await;
    let deleted = explain(&app, &plain, "").await;
    assert_eq!(short(&deleted), ("refusal", 410, "", 0, 0));
}

#[tokio::test]
async fn a_split_shows_each_visitor_what_the_edge_shows_them() {
    let app = App::start().await;
    let variant = |name: &str| json!({ "url": format!("https://{name}.example/"), "weight": 1 });
    let split = json!({ "split": { "variants": [variant("a"), variant("b")] } });
    let link = link(&app, split).await;
    let mut seen = Vec::new();
    for number in 0..32 {
        let address = std::net::Ipv4Addr::new(192, 0, 2, number).into();
        let id: contract::LinkId = link["id"].as_str().unwrap().parse().unwrap();
        let sticky = contract::identity::sticky_value(address, b"curl/8");
        let record: contract::split::Split = serde_json::from_value(link["split"].clone()).unwrap();
        let (expected, _) = record.choose(id, sticky, None).unwrap();
        let explained = explain(&app, &link, &format!("ip={address}&ua=curl/8")).await;
        assert_eq!(explained["variant"], expected);
        let why = format!("split target {expected} is this visitor's");
        assert_eq!(explained["why"], why);
        seen.push(expected);
    }
    assert!(seen.contains(&1) && seen.contains(&2), "{seen:?}");
    let nobody = explain(&app, &link, "").await;
    let why = nobody["why"].as_str().unwrap();
    assert!(why.ends_with("for example"), "{why}");
}

#[tokio::test]
async fn a_cap_is_looked_at_and_not_used_up() {
    let app = App::start().await;
    let cap = json!({ "click_cap": { "limit": 2, "used_up_url": "https://example.com/out" } });
    let link = link(&app, cap).await;
    for _ in 0..5 {
        let explained = explain(&app, &link, "").await;
        assert_eq!(explained["location"], "https://example.com/");
    }
    let id: contract::LinkId = link["id"].as_str().unwrap().parse().unwrap();
    sqlx::query("insert into link_clicks_hourly values ($1, now(), 2, now())")
        .bind(id.0)
        .execute(&app.pool)
        .await
        .unwrap();
    let explained = explain(&app, &link, "").await;
    assert_eq!(
        explained["why"],
        "its click cap is used up, and it has a place for that"
    );

    // What Redis knows is newer than the statistics.
    let client = redis::Client::open(app.redis_url.as_str()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let key = contract::Keys::new(app.prefix.as_str()).click_cap(id, 0);
    for (visits, expected) in [(1, "https://example.com/"), (2, "https://example.com/out")] {
        let count = contract::keys::CAP_BASE + visits;
        let _: () = redis::AsyncCommands::set(&mut redis, &key, count)
            .await
            .unwrap();
        assert_eq!(explain(&app, &link, "").await["location"], expected);
    }
}

#[tokio::test]
async fn visits_that_nobody_can_imagine_are_refused() {
    let app = App::start().await;
    let link = app.link("explained").await;
    for (query, field, code) in [
        ("country=ZZ", "country", "unknown_country"),
        ("country=DEU", "country", "unknown_country"),
        ("region=%00", "region", "forbidden_character"),
        ("at=noon", "at", "invalid_time"),
        ("ip=example.com", "ip", "invalid_address"),
        ("ip=192.0.2.0/24", "ip", "invalid_address"),
        ("path=x", "path", "invalid_path"),
        ("unlocked=1", "unlocked", "invalid_parameter"),
        ("planet=Mars", "planet", "unknown_parameter"),
    ] {
        let path = format!("{}/explain?{query}", link_path(&link["id"]));
        let refused = app.get(&path).await;
        assert_eq!(refused.status, 422, "{query}");
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code))
        );
    }
}
