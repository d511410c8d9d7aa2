//! Every parameter of every query, as the description has them, with values that do harm elsewhere.

use reqwest::Method;
use serde_json::Value;

use crate::harness::{App, EMAIL, PASSWORD, answer};
use crate::openapi::all_operations;
use crate::things::{path_to, things};

/// Percent encoded.
fn values() -> Vec<String> {
    let values = [
        "",
        "%00",
        "a%00b",
        "%FF",
        "%ED%A0%80",
        "%E2%80%AE",
        "%0D%0A",
        "%20",
        "'",
        "%25",
        "_",
        "\\",
        "-1",
        "0",
        "1e9",
        "true",
        "null",
        "2026-11-22",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "99999999999999999999999999999999999999999",
        "AAAA",
        ",",
        ",,a,",
    ];
    let mut values: Vec<String> = values.map(str::to_owned).into();
    values.push("x".repeat(513));
    values.push("%F0%9F%92%A3".repeat(300));
    values
}

/// The names of an operation's parameters.
pub fn parameters(operation: &Value) -> Vec<&str> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters = parameters.filter(|parameter| parameter["in"] == "query");
    parameters
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn no_value_of_any_parameter_does_harm() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let things = things(&app, &owner).await;
    let (mut tried, mut refused) = (0, 0);
    for (operation, described) in all_operations() {
        let (method, path) = operation.split_once(' ').unwrap();
        // With them, `wait` waits for proxies that there are none of.
        if method != "get" {
            continue;
        }
        let path = path_to(path, &things);
        for parameter in parameters(described) {
            for value in values() {
                let request = app.request(Method::GET, &format!("{path}?{parameter}={value}"));
                // That it is no 500, and is in the description, all answers are asked.
                let answer = answer(request.header("cookie", &owner)).await;
                assert!(
                    answer.status < 500,
                    "{operation} {parameter}={value}: {answer:?}"
                );
                if answer.status == 422 {
                    let field = answer.body["errors"][0]["field"].as_str().unwrap();
                    let is_named = parameters(described).contains(&field);
                    assert!(is_named, "{operation} {parameter}={value}: {field}");
                    refused += 1;
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried}");
    assert!(refused > 200, "{refused}");
}
