//! Links from files and into files.

pub mod cells;
mod exported;
mod faults;
mod listed;
mod read;
mod turns;

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Answer, App, answer, eventually};

async fn upload(app: &App, query: &str, file: impl Into<reqwest::Body>) -> Answer {
    let request = app
        .request(Method::POST, &format!("/api/v1/imports{query}"))
        .bearer_auth(&app.key)
        .header("content-type", "text/csv; charset=utf-8");
    answer(request.body(file)).await
}

/// Uploads a file and waits until it is through.
async fn import(app: &App, query: &str, file: impl Into<reqwest::Body>) -> Value {
    let begun = upload(app, query, file).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let path = begun.headers["location"].to_str().unwrap().to_owned();
    let finished = async || {
        let import = app.get(&path).await.body;
        (import["finished"] == true).then_some(import)
    };
    eventually("the import is through", finished).await
}

fn counts(import: &Value) -> [i64; 4] {
    ["total", "made", "skipped", "refused"].map(|field| import[field].as_i64().unwrap())
}

async fn download(app: &App, path: &str) -> String {
    let request = app.request(Method::GET, &format!("/api/v1/links/{path}"));
    let response = request.bearer_auth(&app.key).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.text().await.unwrap()
}

async fn links(app: &App) -> i64 {
    let list = app
        .get("/api/v1/links?total=true&archived=include")
        .await
        .body;
    list["total"].as_i64().unwrap()
}

const FILE: &str = "\u{feff}Short Link,Long URL,Title,Labels,Clicks,Active\r\n\
    https://bit.ly/one,https://example.com/1,\"One, the first\",a;b,17,yes\r\n\
    two,https://example.com/2,'=SUM(A1),,3,no\r\n\
    ,https://example.com/3,,,,\r\n\
    ,https://example.com/3,,,,\r\n\
    four,javascript:alert(1),,,,\r\n\
    taken,https://example.com/5,,,,\r\n\
    two,https://example.com/other,,,,\r\n\
    seven,https://example.com/7,,,,perhaps\r\n";

/// A domain of the first workspace.
async fn register(app: &App, domain: &str) {
    sqlx::query(
        "insert into domains (domain, workspace_id, created_at, updated_at, revision)
         select $1, id, now(), now(), 0 from workspaces order by id limit 1",
    )
    .bind(domain)
    .execute(&app.pool)
    .await
    .unwrap();
}
