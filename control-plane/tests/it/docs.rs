//! The API's description as a page.

use crate::harness::App;
use crate::openapi::{DESCRIPTION, all_operations};

async fn read(app: &App, path: &str) -> (reqwest::header::HeaderMap, String) {
    let url = format!("{}{path}", app.url);
    let response = app.client.get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    (response.headers().clone(), response.text().await.unwrap())
}

#[tokio::test]
async fn every_operation_schema_and_problem_is_on_the_page() {
    let app = App::start().await;
    let (_, page) = read(&app, "/docs").await;
    let operations = all_operations();
    assert!(operations.len() > 60);
    for (name, operation) in operations {
        let id = operation["operationId"].as_str().unwrap();
        assert!(page.contains(&format!("<article id=\"{id}\">")), "{name}");
        assert!(page.contains(&format!("href=\"#{id}\"")), "{name}");
    }
    for (kind, prefix) in [("schemas", "schema"), ("examples", "problem")] {
        for name in DESCRIPTION["components"][kind].as_object().unwrap().keys() {
            assert!(page.contains(&format!("id=\"{prefix}-{name}\"")), "{name}");
        }
    }
}

#[tokio::test]
async fn every_link_leads_somewhere_and_nothing_is_named_twice() {
    let app = App::start().await;
    let (_, page) = read(&app, "/docs").await;
    let after = |before: &'static str| {
        let parts = page.split(before).skip(1);
        parts.map(|part| part.split('"').next().unwrap())
    };
    let mut ids: Vec<&str> = after(" id=\"").collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id is there twice");
    for link in after(" href=\"#") {
        assert!(ids.binary_search(&link).is_ok(), "{link} leads nowhere");
    }
}

#[tokio::test]
async fn nothing_is_loaded_from_elsewhere_and_nothing_runs() {
    let app = App::start().await;
    let (headers, page) = read(&app, "/docs").await;
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'self'; script-src 'none'"));
    assert!(!page.contains("<script") && !page.contains(" src=") && !page.contains(" style="));
    let addresses: Vec<&str> = page.split("href=\"").skip(1).collect();
    assert!(
        addresses
            .iter()
            .all(|address| address.starts_with(['/', '#']))
    );
    let (headers, style) = read(&app, "/docs/style.css").await;
    assert_eq!(headers["content-type"], "text/css; charset=utf-8");
    assert!(!style.contains("url(") && !style.contains("@import"));
}

#[tokio::test]
async fn who_has_the_page_is_not_sent_it_again() {
    let app = App::start().await;
    let (headers, _) = read(&app, "/docs").await;
    let request = app.client.get(format!("{}/docs", app.url));
    let request = request.header("if-none-match", &headers["etag"]);
    assert_eq!(request.send().await.unwrap().status(), 304);
}
