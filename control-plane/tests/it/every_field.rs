//! Every text of every body, as the description has them, with texts that do harm elsewhere.

use reqwest::Method;
use serde_json::{Value, json};

use crate::body_fields::{Step, at, first_field, texts, with};
use crate::harness::{Answer, App, EMAIL, PASSWORD, answer};
use crate::imports::cells::assert_defused;
use crate::openapi::all_operations;
use crate::things::{path_to, things};

/// Stands where bytes go that no JSON value holds.
const PLACE: &str = "put it here";

/// Bytes between the quotes of a JSON string.
fn harmful() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("NUL", b"a\\u0000b".to_vec()),
        ("invalid UTF-8", b"a\xffb".to_vec()),
        ("half a character", b"a\\ud800b".to_vec()),
        ("right to left", "a\u{202e}b".into()),
        (
            "a formula",
            b"=HYPERLINK(\\\"https://example.net\\\")".to_vec(),
        ),
        ("line ends", b"a\\r\\nSet-Cookie: b=c".to_vec()),
        ("513 characters", vec![b'x'; 513]),
        ("100,000 characters", vec![b'x'; 100_000]),
    ]
}

struct Tried {
    operations: usize,
    refused_by_name: usize,
    kept: usize,
}

/// One operation with a JSON body, and where to send it.
struct Operation {
    name: String,
    method: Method,
    path: String,
    schema: &'static Value,
}

/// All that take JSON, each about things that are there.
fn operations(things: &[(&'static str, String)]) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (name, operation) in all_operations() {
        let Some(content) = operation["requestBody"]["content"].get("application/json") else {
            continue;
        };
        let (method, path) = name.split_once(' ').unwrap();
        let path = path_to(path, things);
        operations.push(Operation {
            method: method.to_uppercase().parse().unwrap(),
            path,
            schema: &content["schema"],
            name,
        });
    }
    operations
}

async fn send(app: &App, cookie: &str, operation: &Operation, body: Vec<u8>) -> Answer {
    let request = app.request(operation.method.clone(), &operation.path);
    let request = request
        .header("cookie", cookie)
        .header("x-requested-with", "linkpulse")
        .header("content-type", "application/json");
    answer(request.body(body)).await
}

fn put(body: &Value, bytes: &[u8]) -> Vec<u8> {
    let text = body.to_string();
    let (before, after) = text.split_once(PLACE).unwrap();
    [before.as_bytes(), bytes, after.as_bytes()].concat()
}

#[tokio::test]
async fn no_text_of_any_body_does_harm() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let things = things(&app, &owner).await;
    let mut tried = Tried {
        operations: 0,
        refused_by_name: 0,
        kept: 0,
    };
    for operation in operations(&things) {
        tried.operations += 1;
        for way in texts(operation.schema) {
            // Nobody waits for the limits of those who are not signed in.
            app.clock.advance(3_600 * 1_000_000);
            let body = with(operation.schema, &way, &json!(PLACE));
            for (what, bytes) in harmful() {
                let answer = send(&app, &owner, &operation, put(&body, &bytes)).await;
                assert_harmless(&operation.name, &way, what, &bytes, &answer, &mut tried);
            }
        }
    }
    assert!(tried.operations > 15, "{}", tried.operations);
    assert!(tried.refused_by_name > 300, "{}", tried.refused_by_name);
    assert!(tried.kept > 10, "{}", tried.kept);
    let csv = app.get("/api/v1/links/export.csv").await;
    assert_defused(csv.body.as_str().unwrap());
}

fn assert_harmless(
    operation: &str,
    way: &[Step],
    what: &str,
    bytes: &[u8],
    answer: &Answer,
    tried: &mut Tried,
) {
    let field = first_field(way);
    let (status, body) = (answer.status, &answer.body);
    let about = format!("{operation}: {field} with {what}: {status} {body}");
    assert!(status < 500, "{about}");
    if status == 422 {
        let errors = body["errors"].as_array().unwrap();
        let names = errors.iter().map(|error| error["field"].as_str().unwrap());
        let is_named = names.into_iter().any(|name| name.starts_with(field));
        assert!(is_named, "{about}");
        tried.refused_by_name += 1;
    }
    let sent = [b"\"", bytes, b"\""].concat();
    let sent = serde_json::from_slice::<String>(&sent);
    if status >= 400 || sent.is_err() {
        // What is no text is never taken for one.
        assert!(status >= 400, "{about}");
        return;
    }
    // Not all that is sent is shown: no password is.
    // Notes have lines, which end in one way.
    let sent = sent.map(|sent| sent.replace("\r\n", "\n"));
    if let (Ok(sent), Some(kept)) = (sent, at(body, way).as_str()) {
        // Tags are kept in lower case.
        let sent = match field.contains("tag") {
            true => sent.to_lowercase(),
            false => sent,
        };
        assert_eq!(kept, sent, "{about}");
        tried.kept += 1;
    }
}

#[tokio::test]
async fn ten_megabytes_are_too_much_for_every_body() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let things = things(&app, &owner).await;
    let bytes = vec![b'x'; 10_000_000];
    for operation in operations(&things) {
        for way in texts(operation.schema) {
            let body = put(&with(operation.schema, &way, &json!(PLACE)), &bytes);
            let answer = send(&app, &owner, &operation, body).await;
            let found = (answer.status, &answer.body["code"]);
            let about = format!("{}: {}", operation.name, first_field(&way));
            assert_eq!(found, (413, &json!("too_large")), "{about}");
        }
    }
}
