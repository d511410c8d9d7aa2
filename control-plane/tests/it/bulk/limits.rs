//! Too much of something.

use serde_json::{Value, json};

use super::{changes, make, post, row};
use crate::harness::App;

#[tokio::test]
async fn requests_of_the_wrong_size_are_refused() {
    let app = App::start().await;
    let rows: Vec<Value> = (0..10_001).map(|_| json!({})).collect();
    for (path, body, status) in [
        ("", json!({ "links": [] }), 422),
        ("", json!({ "links": rows }), 422),
        ("", json!({ "links": {} }), 422),
        ("", json!({ "links": [row("a")], "atomic": true }), 422),
        ("", json!({ "links": ["x".repeat(9 * 1024 * 1024)] }), 413),
        ("/edit", json!({ "select": { "ids": [] } }), 422),
        (
            "/edit",
            json!({ "select": { "ids": vec!["lnk_"; 10_001] } }),
            422,
        ),
        ("/edit", json!({ "select": {} }), 422),
        (
            "/edit",
            json!({ "select": { "ids": [], "filter": {} } }),
            422,
        ),
        (
            "/edit",
            json!({ "select": { "filter": { "owner": 1 } } }),
            422,
        ),
        (
            "/edit",
            json!({ "select": { "filter": { "any_tag": "" } } }),
            422,
        ),
        (
            "/edit",
            json!({ "select": { "filter": {} }, "change": { "external_id": "x" } }),
            422,
        ),
        (
            "/edit",
            json!({ "select": { "filter": {} }, "change": { "title": "\u{7}" } }),
            422,
        ),
        (
            "/edit",
            json!({ "select": { "filter": {} }, "add_tags": ["a,b"] }),
            422,
        ),
        ("/delete", json!({ "select": "all" }), 422),
        ("/delete", json!({}), 422),
    ] {
        let answer = post(&app, path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    assert_eq!(changes(&app).await, []);
}

/// A link with a thousand errors in it.
fn wrong_throughout() -> Value {
    let condition = json!({ "country": ["nowhere", "else"] });
    let rule = json!({ "if": vec![condition; 20], "then": { "url": "/" } });
    json!({ "original_url": "https://example.com/", "rules": vec![rule; 25] })
}

#[tokio::test]
async fn errors_of_one_link_and_of_one_answer_have_an_end() {
    let app = App::start().await;
    let one = app.create_link(wrong_throughout()).await;
    let errors = one.body["errors"].as_array().unwrap();
    assert_eq!(
        (one.status, errors.len()),
        (422, 101),
        "{}",
        one.body["detail"]
    );
    assert_eq!(errors[100]["code"], "too_many_errors");
    assert!(one.body["detail"].as_str().unwrap().len() < 1_000);

    let many = make(&app, json!(vec![wrong_throughout(); 200])).await;
    let results = many.body["results"].as_array().unwrap();
    let told = results
        .iter()
        .map(|row| row["problem"]["errors"].as_array().unwrap().len());
    let told: Vec<usize> = told.collect();
    assert_eq!((told[0], told[199]), (101, 2), "{told:?}");
    assert!(told.iter().sum::<usize>() < 11_000);
    let all = json!({ "links": vec![wrong_throughout(); 200], "all_or_nothing": true });
    let refused = post(&app, "", all).await;
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 1_000);
}

#[tokio::test]
async fn options_have_a_limit_that_many_links_at_once_do_not_lift() {
    let app = App::start().await;
    let long = |number: usize| format!("https://example.com/{number}/{}", "x".repeat(1_900));
    let rules: Vec<Value> = (0..40)
        .map(|number| json!({ "if": [], "then": { "url": long(number) } }))
        .collect();
    let mut link = row("long");
    link["rules"] = json!(rules);
    let answer = make(&app, json!([link, row("short")])).await;
    assert_eq!(
        (&answer.body["done"], &answer.body["refused"]),
        (&json!(1), &json!(1))
    );
    let error = &answer.body["results"][0]["problem"]["errors"][0];
    assert_eq!(
        (&error["field"], &error["code"]),
        (&json!("rules"), &json!("too_large"))
    );
    let id = &answer.body["results"][1]["id"];
    let edit = json!({ "select": { "ids": [id] }, "change": { "rules": rules } });
    let edited = post(&app, "/edit", edit).await;
    let error = &edited.body["results"][0]["problem"]["errors"][0];
    assert_eq!(error["code"], "too_large", "{}", edited.body);
}
