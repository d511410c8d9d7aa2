//! The list of imports.

use serde_json::Value;

use super::import;
use crate::harness::App;

#[tokio::test]
async fn imports_are_listed_in_pages() {
    let app = App::start().await;
    let mut begun = Vec::new();
    for number in 0..5 {
        let file = format!("url\nhttps://example.com/{number}\n");
        begun.insert(0, import(&app, "", file).await["id"].clone());
        // Two at a time have the same moment.
        app.clock.advance(number % 2);
    }
    let pages = pages(&app, "/api/v1/imports?limit=2").await;
    let ids: Vec<_> = pages.iter().map(|import| import["id"].clone()).collect();
    assert_eq!(ids, begun);
    for (query, status) in [("limit=0", 422), ("limit=101", 422), ("cursor=AAAA", 400)] {
        let refused = app.get(&format!("/api/v1/imports?{query}")).await;
        assert_eq!(refused.status, status, "{query}");
    }
}

/// All entries of a list, by following `Link`.
async fn pages(app: &App, path: &str) -> Vec<Value> {
    let (mut path, mut all) = (path.to_owned(), Vec::new());
    loop {
        let page = app.get(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        let data = page.body["data"].as_array().unwrap();
        assert!(data.len() <= 2, "{path}");
        all.extend(data.iter().cloned());
        let Some(link) = page.headers.get("link") else {
            assert_eq!(page.body["next_cursor"], Value::Null);
            return all;
        };
        let link = link.to_str().unwrap();
        path = link
            .strip_prefix('<')
            .and_then(|link| link.strip_suffix(">; rel=\"next\""))
            .unwrap()
            .to_owned();
    }
}
