//! The description is complete, and the file in the repository is the description.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use control_plane::ProblemCode as Code;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::harness::App;

pub static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(control_plane::openapi::description()).unwrap());

/// Every answer any test gets must be in the description, with its code. Called by the harness.
pub fn assert_documented(method: &str, path: &str, status: u16, body: &Value) {
    let Some((template, operations)) = operations(path) else {
        return;
    };
    let responses = &operations[method.to_lowercase()]["responses"];
    assert_ne!(status, 500, "{method} {template}: {body}");
    // An undocumented method has no entry; 405 is the answer to it.
    let is_documented =
        responses.get(status.to_string()).is_some() || (responses.is_null() && status == 405);
    assert!(
        is_documented,
        "{method} {template} answered {status}, which openapi.json does not say"
    );
    let Some(response) = responses.get(status.to_string()) else {
        return;
    };
    let codes = codes(response);
    let code = body["code"].as_str().unwrap_or_default();
    assert!(
        codes.is_empty() || codes.contains(&code),
        "{method} {template} answered {body}, and openapi.json knows of {codes:?} only"
    );
}

/// Headers that clients act on: an answer that has one says so in the description.
const HEADERS: [&str; 7] = [
    "etag",
    "idempotent-replayed",
    "link",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
];

/// The same of the headers of an answer.
pub fn assert_headers_documented(method: &str, path: &str, status: u16, headers: &HeaderMap) {
    let Some((template, operations)) = operations(path) else {
        return;
    };
    let responses = &operations[method.to_lowercase()]["responses"];
    let Some(response) = responses.get(status.to_string()) else {
        return;
    };
    let described = resolved(response)["headers"].as_object();
    for name in HEADERS {
        if !headers.contains_key(name) {
            continue;
        }
        let mut described = described.into_iter().flatten();
        assert!(
            described.any(|(other, _)| other.eq_ignore_ascii_case(name)),
            "{method} {template} answered {status} with {name}, which openapi.json does not say"
        );
    }
}

/// What a response of the description says of `code`.
fn codes(response: &'static Value) -> Vec<&'static str> {
    let response = resolved(response);
    let codes = "/content/application~1problem+json/schema/allOf/1/properties/code/enum";
    let codes = response.pointer(codes).and_then(Value::as_array);
    let codes = codes.into_iter().flatten();
    codes.map(|code| code.as_str().unwrap()).collect()
}

fn operations(path: &str) -> Option<(&'static str, &'static Value)> {
    let matches = |template: &str| {
        template.split('/').count() == path.split('/').count()
            && template
                .split('/')
                .zip(path.split('/'))
                .all(|(one, other)| one == other || one.starts_with('{'))
    };
    let paths = DESCRIPTION["paths"].as_object().unwrap();
    paths
        .iter()
        .find(|(template, _)| matches(template))
        .map(|(template, value)| (template.as_str(), value))
}

#[test]
fn the_file_in_the_repository_is_current() {
    let file: Value = serde_json::from_str(include_str!("../../../docs/api/openapi.json")).unwrap();
    assert!(
        file == *DESCRIPTION,
        "docs/api/openapi.json is stale: run `make generate`"
    );
}

#[test]
fn every_problem_has_a_code_and_every_code_is_a_problem_of_some_operation() {
    let mut seen = BTreeSet::new();
    for (name, operation) in all_operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let codes = codes(response);
            let is_problem = status.as_str() >= "400";
            assert_ne!(codes.is_empty(), is_problem, "{name} {status}");
            seen.extend(codes);
        }
    }
    let table = DESCRIPTION["info"]["description"].as_str().unwrap();
    for code in Code::ALL {
        let row = format!("| {} | `{}` |", code.status().as_u16(), code.as_str());
        assert!(table.contains(&row), "{code:?}");
        // An operation has its method.
        let is_seen = seen.contains(code.as_str());
        assert_ne!(is_seen, *code == Code::MethodNotAllowed, "{code:?}");
    }
}

#[test]
fn who_is_given_a_cursor_can_send_it() {
    let mut lists = 0;
    for (name, operation) in all_operations() {
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        if resolved(schema)["properties"].get("next_cursor").is_none() {
            continue;
        }
        let parameters = operation["parameters"].as_array().unwrap();
        for expected in ["cursor", "limit"] {
            let is_it = |parameter: &Value| parameter["name"] == expected;
            assert!(parameters.iter().any(is_it), "{name} takes no {expected}");
        }
        let headers = &operation["responses"]["200"]["headers"];
        assert!(headers.get("Link").is_some(), "{name} has no Link");
        lists += 1;
    }
    assert!(lists > 6, "{lists}");
}

/// A part of the description, or what it refers to.
pub fn resolved(part: &'static Value) -> &'static Value {
    let reference = part["$ref"].as_str();
    let pointer = reference.map(|reference| reference.trim_start_matches('#'));
    pointer.map_or(part, |pointer| DESCRIPTION.pointer(pointer).unwrap())
}

/// All operations, each with its name.
pub fn all_operations() -> Vec<(String, &'static Value)> {
    let paths = DESCRIPTION["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap().iter();
        item.map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    operations.collect()
}

#[tokio::test]
async fn it_is_served() {
    let app = App::start().await;
    let served = app
        .client
        .get(format!("{}/api/v1/openapi.json", app.url))
        .send()
        .await
        .unwrap();
    assert_eq!(served.json::<Value>().await.unwrap(), *DESCRIPTION);
    assert_eq!(DESCRIPTION["openapi"], "3.1.0");
}

#[tokio::test]
async fn unknown_pages_and_methods_are_problems_too() {
    let app = App::start().await;
    assert_eq!(app.get("/api/v1/nothing").await.body["code"], "not_found");
    let answer = app.call(reqwest::Method::PUT, "/api/v1/links", None).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (405, &"method_not_allowed".into())
    );
}
