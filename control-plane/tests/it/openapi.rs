//! The description is complete, and the file in the repository is the description.

use std::sync::LazyLock;

use serde_json::Value;

use crate::harness::App;

static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(control_plane::openapi::description()).unwrap());

/// Every answer any test gets must be in the description. Called by the harness.
pub fn assert_documented(method: &str, path: &str, status: u16) {
    let Some((template, operations)) = operations(path) else {
        return;
    };
    let responses = &operations[method.to_lowercase()]["responses"];
    // An undocumented method has no entry; 405 is the answer to it.
    let is_documented =
        responses.get(status.to_string()).is_some() || (responses.is_null() && status == 405);
    assert!(
        is_documented,
        "{method} {template} answered {status}, which openapi.json does not say"
    );
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
