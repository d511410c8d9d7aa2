//! Many links in one request.

mod at_once;
mod limits;
mod rows;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App};

async fn post(app: &App, path: &str, body: Value) -> Answer {
    let path = format!("/api/v1/links/bulk{path}");
    app.call(Method::POST, &path, Some(body)).await
}

async fn make(app: &App, links: Value) -> Answer {
    post(app, "", json!({ "links": links })).await
}

/// Number and code of each change, in the order of their numbers.
async fn changes(app: &App) -> Vec<(i64, String)> {
    sqlx::query_as("select seq, record::json ->> 'code' from link_changes order by seq")
        .fetch_all(&app.pool)
        .await
        .unwrap()
}

fn row(code: &str) -> Value {
    json!({ "original_url": "https://example.com/a", "code": code })
}
