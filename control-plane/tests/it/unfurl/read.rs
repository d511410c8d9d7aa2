//! What is read of a page, and shown.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Installation, titled};
use crate::harness::{eventually, link_path};
use crate::page_server::Page;

#[tokio::test]
async fn a_link_without_a_title_shows_its_pages() {
    let at = Installation::start().await;
    let html = "<!doctype html><html><head><meta charset=utf-8>
        <title>Caf&eacute; &amp; more</title>
        <meta name=description content='What we\u{202e} serve'>
        <meta property='og:image' content='/cup.png?a=1&amp;b=2'>
        <link rel='shortcut icon' href='icons/cup.ico'>
        </head><body><svg><title>Not this</title></svg>";
    at.pages.put("/menu/today", Page::Html(html.into()));
    let made = at.link("/menu/today").await;
    assert_eq!(made["title"], Value::Null);
    let link = at.read(&made).await;
    assert_eq!(link["title"], "Café & more");
    assert_eq!(
        link["page"],
        json!({
            "title": "Café & more", "description": "What we serve",
            "image_url": at.url("/cup.png?a=1&b=2"), "icon_url": at.url("/menu/icons/cup.ico"),
            "read_at": "2026-11-22T10:20:30.123456Z",
        })
    );
    assert_eq!(link["revision"], made["revision"], "the owner did nothing");
    for text in ["CAF%C3%89%20%26", "mo"] {
        let found = at.app.get(&format!("/api/v1/links?q={text}")).await;
        assert_eq!(found.body["data"][0]["id"], link["id"], "{text}");
    }
    let history = format!("{}/history", link_path(&link["id"]));
    let history = at.app.get(&history).await.body;
    assert_eq!(history["data"].as_array().unwrap().len(), 1);
    assert_eq!(history["data"][0]["link"]["title"], Value::Null);
    let exported = at.app.get("/api/v1/links/export.jsonl").await.body;
    assert_eq!(exported["title"], Value::Null, "not its owner's");

    let asked = at.pages.headers();
    assert!(
        asked["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("LinkPulseBot/")
    );
    assert!(!asked.contains_key("cookie") && !asked.contains_key("authorization"));
    let code = link["code"].as_str().unwrap();
    let preview = at.app.visitor(Method::GET, &format!("/{code}+"));
    let preview = preview.send().await.unwrap().text().await.unwrap();
    for part in [
        "<h1>Café &amp; more</h1>",
        "<p>What we serve</p>",
        "/cup.png?a=1&amp;b=2",
    ] {
        assert!(preview.contains(part), "{part} in {preview}");
    }
    assert_eq!(at.pages.asked(), ["/menu/today"], "once, and no picture");
}

#[tokio::test]
async fn what_its_owner_says_wins() {
    let at = Installation::start().await;
    let html = "<title>Theirs</title><meta name=description content='Their words'>";
    at.pages.put("/a", Page::Html(html.into()));
    let preview =
        json!({ "description": "Our words", "image_url": "https://example.com/ours.png" });
    let body = json!({ "original_url": at.url("/a"), "title": "Ours", "social_preview": preview });
    let made = at.app.create_link(body).await.body;
    let link = at.read(&made).await;
    assert_eq!(
        (&link["title"], &link["page"]["title"]),
        (&json!("Ours"), &json!("Theirs"))
    );
    let path = format!("/{}+", link["code"].as_str().unwrap());
    let shown = at.app.visitor(Method::GET, &path).send().await.unwrap();
    let shown = shown.text().await.unwrap();
    for part in ["<h1>Ours</h1>", "<p>Our words</p>", "ours.png"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!shown.contains("Their"), "{shown}");
    let cleared = at
        .app
        .patch_link(&link["id"], json!({ "title": null }))
        .await;
    assert_eq!(cleared.body["title"], "Theirs");
    assert_eq!(at.pages.asked().len(), 1, "the target is the same");
}

#[tokio::test]
async fn another_target_is_another_page() {
    let at = Installation::start().await;
    at.pages.put("/one", titled("One"));
    at.pages.put("/two", titled("Two"));
    let made = at.link("/one").await;
    assert_eq!(at.read(&made).await["title"], "One");
    let body = json!({ "original_url": at.url("/two") });
    let changed = at.app.patch_link(&made["id"], body).await.body;
    assert_eq!(
        (&changed["title"], &changed["page"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(at.read(&made).await["title"], "Two");
    let body = json!({ "version": 1 });
    let path = format!("{}/roll-back", link_path(&made["id"]));
    let back = at.app.call(Method::POST, &path, Some(body)).await;
    assert_eq!((back.status, &back.body["page"]), (200, &Value::Null));
    assert_eq!(at.read(&made).await["title"], "One");
}

#[tokio::test]
async fn links_made_in_bulk_and_imported_are_read_too() {
    let at = Installation::start().await;
    at.pages.put("/bulk", titled("Bulk"));
    at.pages.put("/import", titled("Import"));
    let links = json!([{ "original_url": at.url("/bulk"), "code": "from-bulk" }]);
    let bulk = json!({ "links": links });
    let bulk = at
        .app
        .call(Method::POST, "/api/v1/links/bulk", Some(bulk))
        .await;
    assert_eq!(bulk.body["done"], 1, "{}", bulk.body);
    let import = at
        .app
        .request(Method::POST, "/api/v1/imports")
        .bearer_auth(&at.app.key)
        .header("content-type", "text/csv")
        .body(format!("url,code\n{},from-file\n", at.url("/import")));
    assert_eq!(import.send().await.unwrap().status(), 202);
    for (code, title) in [("from-bulk", "Bulk"), ("from-file", "Import")] {
        let path = format!("/api/v1/links/by-code/go.example.org/{code}");
        eventually("its page is read", async || {
            (at.app.get(&path).await.body["title"] == title).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_megabyte_of_a_page_is_read_and_no_more() {
    let at = Installation::start().await;
    let filler = " ".repeat(2 * 1024 * 1024);
    let early = format!("<title>Early</title>{filler}<meta name=description content=Late>");
    at.pages.put("/early", Page::Html(early));
    at.pages
        .put("/late", Page::Html(format!("{filler}<title>Late</title>")));
    let early = at.link("/early").await;
    let early = at.read(&early).await;
    let found = (&early["title"], &early["page"]["description"]);
    assert_eq!(found, (&json!("Early"), &Value::Null));
    let late = at.link("/late").await;
    assert_eq!(at.given_up(&late).await["page"], Value::Null);
}

#[tokio::test]
async fn what_is_no_page_says_nothing() {
    let at = Installation::start().await;
    at.pages.put(
        "/pdf",
        Page::Bytes("application/pdf", b"<title>No</title>".to_vec()),
    );
    at.pages
        .put("/empty", Page::Html("<title> \u{202e}</title>".into()));
    at.pages.put("/gone", Page::Status(410));
    for path in ["/pdf", "/empty", "/gone", "/unknown"] {
        let made = at.link(path).await;
        let link = at.given_up(&made).await;
        assert_eq!(
            (&link["page"], &link["title"]),
            (&Value::Null, &Value::Null),
            "{path}"
        );
    }
    assert_eq!(at.pages.asked().len(), 4, "each once");
}

#[tokio::test]
async fn a_title_is_text_whatever_is_in_it_and_in_whatever_charset() {
    let at = Installation::start().await;
    let hostile = "<img src=x onerror=alert(1)>\"';&#x202e;&#0;";
    let image = "<meta property=og:image content='javascript:alert(1)'>\
                 <link rel=icon href='http://192.168.0.1/admin'>";
    at.pages.put(
        "/hostile",
        Page::Html(format!("<title>{hostile}</title>{image}")),
    );
    let made = at.link("/hostile").await;
    let link = at.read(&made).await;
    assert_eq!(link["title"], "<img src=x onerror=alert(1)>\"';\u{fffd}");
    let addresses = (&link["page"]["image_url"], &link["page"]["icon_url"]);
    assert_eq!(addresses, (&Value::Null, &Value::Null));
    let path = format!("/{}+", link["code"].as_str().unwrap());
    let shown = at.app.visitor(Method::GET, &path).send().await.unwrap();
    let shown = shown.text().await.unwrap();
    assert!(
        shown.contains("&lt;img src=x onerror=alert(1)&gt;"),
        "{shown}"
    );
    assert!(!shown.contains("<img"), "{shown}");

    let latin = b"<meta charset=windows-1252><title>Caf\xe9 \x80</title>".to_vec();
    at.pages.put("/latin", Page::Bytes("text/html", latin));
    let made = at.link("/latin").await;
    assert_eq!(at.read(&made).await["title"], "Café €");
    let named = b"<title>\x83e\x83X\x83g</title>".to_vec();
    at.pages
        .put("/named", Page::Bytes("text/html; charset=Shift_JIS", named));
    let made = at.link("/named").await;
    assert_eq!(at.read(&made).await["title"], "テスト");
}
