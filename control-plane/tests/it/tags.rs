//! The list of tags follows what is done to links.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{App, eventually, link_path};

async fn tags(app: &App, query: &str) -> Vec<(String, i64)> {
    let page = app.get(&format!("/api/v1/tags?{query}")).await;
    assert_eq!(page.status, 200, "{query}: {}", page.body);
    let data = page.body["data"].as_array().unwrap().iter();
    data.map(|tag| {
        (
            tag["tag"].as_str().unwrap().to_owned(),
            tag["links"].as_i64().unwrap(),
        )
    })
    .collect()
}

async fn are(app: &App, what: &str, expected: &[(&str, i64)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(tag, links)| ((*tag).to_owned(), *links))
        .collect();
    let same = async || (tags(app, "").await == expected).then_some(());
    eventually(&format!("{what}: {expected:?}"), same).await;
}

async fn link(app: &App, tags: Value) -> Value {
    let body = json!({ "original_url": "https://example.com/", "tags": tags });
    app.create_link(body).await.body
}

#[tokio::test]
async fn tags_are_listed_with_how_many_links_have_them() {
    let app = App::start().await;
    // Two do the adding up.
    let _sibling = app.second_instance().await;
    let one = link(&app, json!(["print", "spring"])).await;
    let two = link(&app, json!(["Print", "autumn"])).await;
    link(&app, json!([])).await;
    are(&app, "made", &[("autumn", 1), ("print", 2), ("spring", 1)]).await;

    let links: Vec<Value> = (0..100)
        .map(|_| json!({ "original_url": "https://example.com/", "tags": ["bulk", "print"] }))
        .collect();
    let path = "/api/v1/links/bulk";
    let body = Some(json!({ "links": links }));
    app.call(Method::POST, path, body).await;
    let edit = json!({
        "select": { "filter": { "any_tag": "bulk" } },
        "add_tags": ["more"], "remove_tags": ["print"],
    });
    app.call(Method::POST, "/api/v1/links/bulk/edit", Some(edit))
        .await;
    let counts = [
        ("autumn", 1),
        ("bulk", 100),
        ("more", 100),
        ("print", 2),
        ("spring", 1),
    ];
    are(&app, "in bulk", &counts).await;

    app.patch_link(&one["id"], json!({ "title": "no other tag" }))
        .await;
    app.patch_link(&one["id"], json!({ "tags": ["print", "winter"] }))
        .await;
    app.delete_link(&two["id"]).await;
    let counts = [("bulk", 100), ("more", 100), ("print", 1), ("winter", 1)];
    are(&app, "edited, and in the bin", &counts).await;
    let path = format!("{}/restore", link_path(&two["id"]));
    app.call(Method::POST, &path, None).await;
    let delete = json!({ "select": { "filter": { "any_tag": "bulk" } } });
    app.call(Method::POST, "/api/v1/links/bulk/delete", Some(delete))
        .await;
    let counts = [("autumn", 1), ("print", 2), ("winter", 1)];
    are(&app, "restored", &counts).await;
}

#[tokio::test]
async fn tags_are_found_by_their_beginning_and_shown_in_pages() {
    let app = App::start().await;
    let all = ["100%", "100x", "a_b", "axb", "éclair", "zebra"];
    link(&app, json!(all)).await;
    let all_there = async || (tags(&app, "").await.len() == all.len()).then_some(());
    eventually("all are there", all_there).await;
    for (query, expected) in [
        ("q=100%25", vec!["100%"]),
        ("q=A_", vec!["a_b"]),
        ("q=a", vec!["a_b", "axb"]),
        ("q=%C3%89", vec!["éclair"]),
        ("q=b", vec![]),
    ] {
        let found = tags(&app, query).await;
        let found: Vec<_> = found.iter().map(|(tag, _)| tag.as_str()).collect();
        assert_eq!(found, expected, "{query}");
    }
    let (mut path, mut seen) = ("/api/v1/tags?limit=2".to_owned(), Vec::new());
    loop {
        let page = app.get(&path).await;
        let data = page.body["data"].as_array().unwrap().clone();
        seen.extend(data.iter().map(|tag| tag["tag"].clone()));
        let Some(cursor) = page.body["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/tags?limit=2&cursor={cursor}");
        assert_eq!(page.headers["link"], format!("<{path}>; rel=\"next\""));
    }
    let mut sorted = all;
    sorted.sort_unstable();
    assert_eq!(json!(seen), json!(sorted));
    let other = path.replace("limit=2", "q=a");
    assert_eq!(app.get(&other).await.status, 400);
    let key = app.foreign_key().await;
    let foreign = app.call_with(&key, Method::GET, "/api/v1/tags", None).await;
    assert_eq!(foreign.body["data"], json!([]));
}
