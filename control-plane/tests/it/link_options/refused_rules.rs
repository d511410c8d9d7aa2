//! Rules that are refused.

use serde_json::{Value, json};

use super::refused::assert_refused;
use crate::harness::App;

/// Each wrong value with the field and the code it is refused by.
fn refused() -> Vec<(Value, &'static str, &'static str)> {
    let long = "x".repeat(201);
    let to = json!({ "url": "https://example.com/" });
    let rule = |conditions: Value| json!({ "rules": [{ "if": conditions, "then": to }] });
    let condition = |condition: Value| rule(json!([condition]));
    let hours = |name: &str, value: Value| {
        let mut hours =
            json!({ "zone": "UTC", "days": ["mon"], "from": "08:00", "until": "18:00" });
        hours[name] = value;
        condition(json!({ "hours": hours }))
    };
    vec![
        (json!({ "rules": {} }), "rules", "wrong_type"),
        (
            json!({ "rules": vec![json!({ "if": [], "then": to }); 51] }),
            "rules",
            "wrong_length",
        ),
        (
            json!({ "rules": [{ "if": [] }] }),
            "rules[0].then",
            "required",
        ),
        (
            json!({ "rules": [{ "then": to }] }),
            "rules[0].if",
            "required",
        ),
        (
            json!({ "rules": [{ "if": [], "then": to, "else": to }] }),
            "rules[0].else",
            "unknown_field",
        ),
        (
            json!({ "rules": [{ "if": [], "then": {} }] }),
            "rules[0].then",
            "wrong_type",
        ),
        (
            json!({ "rules": [{ "if": [], "then": { "url": "https://a.example/", "refuse": "gone" } }] }),
            "rules[0].then",
            "wrong_type",
        ),
        (
            json!({ "rules": [{ "if": [], "then": { "to": "x" } }] }),
            "rules[0].then",
            "unknown_value",
        ),
        (
            json!({ "rules": [{ "if": [], "then": { "refuse": "teapot" } }] }),
            "rules[0].then.refuse",
            "unknown_value",
        ),
        (
            json!({ "rules": [{ "if": [], "then": to }, { "if": [], "then": { "url": "/x" } }] }),
            "rules[1].then.url",
            "not_absolute",
        ),
        (
            rule(json!(vec![json!({ "country": ["DE"] }); 21])),
            "rules[0].if",
            "wrong_length",
        ),
        (condition(json!({})), "rules[0].if[0]", "not_one_question"),
        (
            condition(json!({ "not": true })),
            "rules[0].if[0]",
            "not_one_question",
        ),
        (
            condition(json!({ "country": ["DE"], "os": ["ios"] })),
            "rules[0].if[0]",
            "not_one_question",
        ),
        (
            condition(json!({ "planet": ["Mars"] })),
            "rules[0].if[0].planet",
            "unknown_field",
        ),
        (
            condition(json!({ "country": "DE" })),
            "rules[0].if[0].country",
            "wrong_type",
        ),
        (
            condition(json!({ "country": [] })),
            "rules[0].if[0].country",
            "wrong_length",
        ),
        (
            condition(json!({ "country": ["DE", "ZZ"] })),
            "rules[0].if[0].country[1]",
            "unknown_country",
        ),
        (
            condition(json!({ "country": ["DEU"] })),
            "rules[0].if[0].country[0]",
            "unknown_country",
        ),
        (
            condition(json!({ "country": vec!["DE"; 101] })),
            "rules[0].if[0].country",
            "wrong_length",
        ),
        (
            condition(json!({ "continent": ["DE"] })),
            "rules[0].if[0].continent[0]",
            "unknown_continent",
        ),
        (
            condition(json!({ "region": [""] })),
            "rules[0].if[0].region[0]",
            "required",
        ),
        (
            condition(json!({ "region": ["a\u{0}"] })),
            "rules[0].if[0].region[0]",
            "forbidden_character",
        ),
        (
            condition(json!({ "city": [long] })),
            "rules[0].if[0].city[0]",
            "too_long",
        ),
        (
            condition(json!({ "device": ["phone"] })),
            "rules[0].if[0].device[0]",
            "unknown_value",
        ),
        (
            condition(json!({ "os": ["beos"] })),
            "rules[0].if[0].os[0]",
            "unknown_value",
        ),
        (
            condition(json!({ "browser": ["lynx"] })),
            "rules[0].if[0].browser[0]",
            "unknown_value",
        ),
        (
            condition(json!({ "language": ["de_AT"] })),
            "rules[0].if[0].language[0]",
            "invalid_language",
        ),
        (
            condition(json!({ "referrer": ["https://t.co/"] })),
            "rules[0].if[0].referrer[0]",
            "invalid_host",
        ),
        (
            condition(json!({ "address": ["10.0.0.0/33"] })),
            "rules[0].if[0].address[0]",
            "invalid_network",
        ),
        (
            condition(json!({ "query": { "name": "", "value": "present" } })),
            "rules[0].if[0].query.name",
            "forbidden_character",
        ),
        (
            condition(json!({ "query": { "name": "a", "value": { "equals": "ä" } } })),
            "rules[0].if[0].query.value.equals",
            "forbidden_character",
        ),
        (
            condition(json!({ "query": { "name": long, "value": "present" } })),
            "rules[0].if[0].query.name",
            "too_long",
        ),
        (
            condition(json!({ "query": { "name": "a", "value": "absent" } })),
            "rules[0].if[0].query.value",
            "unknown_value",
        ),
        (
            condition(json!({ "query": { "name": "a", "value": "present", "x": 1 } })),
            "rules[0].if[0].query.x",
            "unknown_field",
        ),
        (
            condition(json!({ "before": 1_798_135_200 })),
            "rules[0].if[0].before",
            "wrong_type",
        ),
        (
            condition(json!({ "before": "noon" })),
            "rules[0].if[0].before",
            "invalid_time",
        ),
        (
            condition(json!({ "after": "1969-12-31T23:59:59Z" })),
            "rules[0].if[0].after",
            "too_early",
        ),
        (
            hours("zone", json!("Mars/Olympus")),
            "rules[0].if[0].hours.zone",
            "unknown_zone",
        ),
        (
            hours("days", json!([])),
            "rules[0].if[0].hours.days",
            "wrong_length",
        ),
        (
            hours("days", json!(["monday"])),
            "rules[0].if[0].hours.days[0]",
            "unknown_day",
        ),
        (
            hours("from", json!("8:00")),
            "rules[0].if[0].hours.from",
            "invalid_time",
        ),
        (
            hours("until", json!("24:01")),
            "rules[0].if[0].hours.until",
            "invalid_time",
        ),
        (
            hours("tz", json!("UTC")),
            "rules[0].if[0].hours.tz",
            "unknown_field",
        ),
    ]
}

#[tokio::test]
async fn wrong_rules_are_refused_by_field_and_code() {
    assert_refused(&refused()).await;
}

#[tokio::test]
async fn all_that_is_wrong_with_rules_comes_at_once() {
    let app = App::start().await;
    let body = json!({
        "original_url": "nonsense",
        "rules": [
            { "if": [{ "country": ["XX", "DE", "YY"] }, {}], "then": { "url": "nonsense" } },
            { "if": [{ "city": [""] }], "then": { "refuse": "gone" } },
        ],
        "max_age": -5,
    });
    let refused = app.create_link(body).await;
    let errors = refused.body["errors"].as_array().unwrap();
    let fields: Vec<_> = errors
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    let expected = [
        "original_url",
        "rules[0].if[0].country[0]",
        "rules[0].if[0].country[2]",
        "rules[0].if[1]",
        "rules[0].then.url",
        "rules[1].if[0].city[0]",
        "max_age",
    ];
    assert_eq!(fields, expected);
}
