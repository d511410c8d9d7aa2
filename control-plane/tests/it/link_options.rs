//! What a link may have beyond a target.

use contract::{LinkRecord, LinkState};
use serde_json::{Value, json};

use crate::harness::{App, INTERNAL_SECRET, link_path};

/// What proxies are told about a link.
async fn record(app: &App, code: &str) -> LinkRecord {
    let query = format!("domain=go.example.org&code={code}");
    let url = format!("{}/internal/resolve?{query}", app.admin_url);
    let request = app.client.get(url).bearer_auth(INTERNAL_SECRET);
    let body = request.send().await.unwrap().bytes().await.unwrap();
    LinkRecord::decode(&body).unwrap()
}

#[tokio::test]
async fn what_is_stored_goes_into_the_record() {
    let app = App::start().await;
    app.link("plain").await;
    assert_eq!(record(&app, "plain").await.options, None);

    app.link("rich").await;
    let options = json!({ "max_age": 60, "expired_url": "https://example.com/over" });
    sqlx::query(
        "update links set redirect_status = 308, options = $1, password_hash = 'x',
                password_changed = 7 where code = 'rich'",
    )
    .bind(&options)
    .execute(&app.pool)
    .await
    .unwrap();
    let rich = record(&app, "rich").await;
    assert_eq!((rich.status.as_u16(), rich.state), (308, LinkState::Active));
    let mut expected = options;
    expected["password"] = 7.into();
    let found: Value = serde_json::to_value(rich.options.unwrap()).unwrap();
    assert_eq!(found, expected);

    sqlx::query("update links set is_blocked = true")
        .execute(&app.pool)
        .await
        .unwrap();
    assert_eq!(record(&app, "plain").await.state, LinkState::Blocked);
}

/// Everything at once, as it is shown again.
fn everything() -> Value {
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
fn created_with(options: &Value) -> Value {
    let mut body = options.clone();
    body["original_url"] = "https://example.com/".into();
    body
}

#[tokio::test]
async fn everything_that_is_set_is_shown_and_goes_to_the_edge() {
    let app = App::start().await;
    let mut body = created_with(&everything());
    body["code"] = "rich".into();
    body["password"] = "open sesame".into();
    let created = app.create_link(body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    for (name, value) in everything().as_object().unwrap() {
        assert_eq!(created.body[name], *value, "{name}");
    }
    assert_eq!(created.body["status"], "scheduled");
    assert_eq!(created.body["has_password"], true);
    assert_eq!(created.body.get("password"), None);
    assert_eq!(
        app.get(&link_path(&created.body["id"])).await.body,
        created.body
    );

    let record = record(&app, "rich").await;
    assert_eq!(record.status.as_u16(), 307);
    let options = serde_json::to_value(record.options.unwrap()).unwrap();
    let micros = 1_000_000_i64;
    let mut expected = everything();
    for of_the_link in ["redirect_status", "expires_at", "strict", "indexable"] {
        expected.as_object_mut().unwrap().remove(of_the_link);
    }
    expected["is_strict"] = true.into();
    expected["is_indexable"] = true.into();
    expected["password"] = 1.into();
    expected["starts_at"] = (1_796_083_200 * micros).into();
    expected["rules"][0]["if"][12]["before"] = (1_798_135_200 * micros).into();
    expected["rules"][0]["if"][13]["after"] = (1_796_083_200 * micros + 500_000).into();
    assert_eq!(options, expected);
}

#[tokio::test]
async fn an_edit_leaves_alone_what_it_does_not_name_and_null_clears() {
    let app = App::start().await;
    let plain = app.link("edited").await;
    let edited = app.patch_link(&plain["id"], everything()).await;
    assert_eq!(edited.status, 200, "{}", edited.body);
    for (name, value) in everything().as_object().unwrap() {
        assert_eq!(edited.body[name], *value, "{name}");
    }
    let retitled = app.patch_link(&plain["id"], json!({ "title": "x" })).await;
    let mut expected = edited.body;
    expected["title"] = "x".into();
    expected["revision"] = 3.into();
    assert_eq!(retitled.body, expected);

    let clearing = json!({
        "title": null, "redirect_status": 302, "starts_at": null, "expires_at": null,
        "expired_url": null, "click_cap": null, "rules": null, "split": null,
        "social_preview": null, "passes_query": false, "passes_path": false, "strict": false,
        "indexable": false, "max_age": null,
    });
    let cleared = app.patch_link(&plain["id"], clearing).await;
    let mut expected = plain;
    expected["revision"] = 4.into();
    assert_eq!(cleared.body, expected);
    assert_eq!(record(&app, "edited").await.options, None);
}

#[tokio::test]
async fn each_password_has_a_number_of_its_own_and_is_stored_as_a_hash() {
    let app = App::start().await;
    let link = app.link("secret").await;
    let mut numbers = Vec::new();
    for password in [json!("1234"), json!("1234"), Value::Null, json!("other")] {
        let edited = app
            .patch_link(&link["id"], json!({ "password": password }))
            .await;
        assert_eq!(edited.body["has_password"], !password.is_null());
        let options = record(&app, "secret").await.options;
        numbers.push(options.and_then(|options| options.password));
    }
    assert_eq!(numbers, [Some(1), Some(2), None, Some(3)]);
    app.patch_link(&link["id"], json!({ "title": "x" })).await;
    let options = record(&app, "secret").await.options.unwrap();
    assert_eq!(options.password, Some(3), "another edit does not count");

    let (hash, row): (String, String) =
        sqlx::query_as("select password_hash, l::text from links l where code = 'secret'")
            .fetch_one(&app.pool)
            .await
            .unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    assert!(!row.contains("other"), "{row}");
}

#[tokio::test]
async fn the_list_knows_links_whose_time_has_not_come_and_blocked_ones() {
    let app = App::start().await;
    for (code, starts_at) in [
        ("early", Some("2026-11-22T10:20:31Z")),
        ("bad", None),
        ("good", None),
    ] {
        let body = json!({
            "original_url": "https://example.com/", "code": code, "starts_at": starts_at,
        });
        assert_eq!(app.create_link(body).await.status, 201);
    }
    sqlx::query("update links set is_blocked = true where code = 'bad'")
        .execute(&app.pool)
        .await
        .unwrap();
    let codes = async |status: &str| {
        let page = app.get(&format!("/api/v1/links?status={status}")).await;
        let links = page.body["data"].as_array().unwrap().clone();
        assert!(links.iter().all(|link| link["status"] == status));
        let codes = links.iter().map(|link| link["code"].clone());
        codes.collect::<Vec<_>>()
    };
    assert_eq!(codes("scheduled").await, ["early"]);
    assert_eq!(codes("blocked").await, ["bad"]);
    assert_eq!(codes("active").await, ["good"]);
    app.clock.advance(1_000_000);
    assert_eq!(codes("scheduled").await, [""; 0]);
    assert_eq!(codes("active").await, ["good", "early"]);
}

/// Each wrong value with the field and the code it is refused by.
fn refused() -> Vec<(Value, &'static str, &'static str)> {
    let long = "x".repeat(201);
    let to = json!({ "url": "https://example.com/" });
    let rule = |conditions: Value| json!({ "rules": [{ "if": conditions, "then": to }] });
    let condition = |condition: Value| rule(json!([condition]));
    let split = |variants: Value| json!({ "split": { "variants": variants } });
    let variant = |weight: i64| json!({ "url": "https://example.com/", "weight": weight });
    let hours = |name: &str, value: Value| {
        let mut hours =
            json!({ "zone": "UTC", "days": ["mon"], "from": "08:00", "until": "18:00" });
        hours[name] = value;
        condition(json!({ "hours": hours }))
    };
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
    let app = App::start().await;
    let link = app.link("stays").await;
    for (body, field, code) in refused() {
        for refused in [
            app.create_link(created_with(&body)).await,
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

#[tokio::test]
async fn what_was_stored_is_read_back_also_in_lists() {
    let app = App::start().await;
    let rich = app.create_link(created_with(&everything())).await.body;
    let list = app.get("/api/v1/links").await.body;
    assert_eq!(list["data"], json!([rich]));
}
