//! Links as files, and back.

use reqwest::Method;
use serde_json::{Value, json};

use super::{counts, download, import};
use crate::harness::{App, link_path};

#[tokio::test]
async fn what_is_exported_is_whole_and_comes_back() {
    let app = App::start().await;
    for (code, title) in [
        ("a", "=HYPERLINK(1)"),
        ("b", "line\u{2028}end, \"quoted\""),
        ("c", "'x"),
        ("d", "'=x"),
        ("e", "a;=1+1;b"),
        ("f", "＝1"),
    ] {
        let body = json!({
            "original_url": format!("https://example.com/{code}"), "code": code, "title": title,
            "tags": ["x", "y"], "notes": "first\nsecond", "archived": code == "b",
            "redirect_status": 307, "external_id": format!("-{code}"),
        });
        assert_eq!(app.create_link(body).await.status, 201);
    }
    let file = download(&app, "export.csv").await;
    let mut rows = csv::Reader::from_reader(file.as_bytes());
    let titles: Vec<String> = rows
        .records()
        .map(|row| row.unwrap()[5].to_owned())
        .collect();
    assert_eq!(
        titles,
        [
            "'=HYPERLINK(1)",
            "line\u{2028}end, \"quoted\"",
            "'x",
            "''=x",
            "a;'=1+1;b",
            "'＝1"
        ]
    );
    assert!(
        file.contains(",\"a;'=1+1;b\","),
        "text is in quotes: {file}"
    );

    let lines = download(&app, "export.jsonl").await;
    let shown: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let list = app
        .get("/api/v1/links?order=asc&archived=include")
        .await
        .body;
    assert_eq!(json!(shown), list["data"]);
    let lines = download(&app, "export.jsonl?archived=only").await;
    assert_eq!(lines.lines().count(), 1);
    let refused = app.get("/api/v1/links/export.csv?any_tag=").await;
    assert_eq!(refused.status, 422);

    let empty = App::start().await;
    let imported = import(&empty, "", file.clone()).await;
    assert_eq!(counts(&imported), [6, 6, 0, 0], "{imported}");
    let mut back = empty
        .get("/api/v1/links?order=asc&archived=include")
        .await
        .body;
    for (link, original) in back["data"].as_array_mut().unwrap().iter_mut().zip(&shown) {
        for field in ["id", "created_at", "updated_at", "created_by", "revision"] {
            link[field] = original[field].clone();
        }
    }
    assert_eq!(back["data"], json!(shown));
    let foreign = app.foreign_key().await;
    let request = app
        .request(Method::GET, "/api/v1/links/export.jsonl")
        .bearer_auth(&foreign);
    assert_eq!(request.send().await.unwrap().text().await.unwrap(), "");
}

#[tokio::test]
async fn tags_come_back_whatever_signs_they_have() {
    let app = App::start().await;
    let all = [
        json!(["a;b"]),
        json!(["a|b", "c"]),
        json!(["\"quoted\"", "=1+1;-x", "it's", "x|y;z"]),
        json!(["|"]),
        json!(["a\\;b"]),
        json!(["plain"]),
        json!([]),
    ];
    for (number, tags) in all.iter().enumerate() {
        let target = format!("https://example.com/{number}");
        let body =
            json!({ "original_url": target, "code": format!("tags-{number}"), "tags": tags });
        assert_eq!(app.create_link(body).await.status, 201);
    }
    let file = download(&app, "export.csv").await;
    let empty = App::start().await;
    let imported = import(&empty, "", file).await;
    assert_eq!(counts(&imported), [7, 7, 0, 0], "{imported}");
    for (number, tags) in all.iter().enumerate() {
        let path = format!("/api/v1/links/by-code/go.example.org/tags-{number}");
        assert_eq!(&empty.get(&path).await.body["tags"], tags);
    }
}

/// Where `;` separates cells, a spreadsheet takes a line break for the end of a row, whatever is in quotes.
#[tokio::test]
async fn no_line_of_a_file_begins_like_a_formula() {
    let app = App::start().await;
    let notes = "first\n=1+1;2\n\n- a point\n'+x\nlast";
    let body = json!({ "original_url": "https://example.com/", "code": "lines", "notes": notes });
    assert_eq!(app.create_link(body).await.status, 201);
    let file = download(&app, "export.csv").await;
    for line in file.lines() {
        assert!(!line.starts_with(['=', '+', '-', '@']), "{line}");
    }
    let empty = App::start().await;
    import(&empty, "", file).await;
    let path = "/api/v1/links/by-code/go.example.org/lines";
    assert_eq!(empty.get(path).await.body["notes"], notes);
}

/// RFC 4180.
#[tokio::test]
async fn rows_of_a_file_end_in_crlf() {
    let app = App::start().await;
    app.link("one").await;
    app.link("two").await;
    let file = download(&app, "export.csv").await;
    assert_eq!(file.matches("\r\n").count(), 3, "{file:?}");
    assert!(!file.replace("\r\n", "").contains(['\r', '\n']), "{file:?}");
}

#[tokio::test]
async fn links_that_have_expired_come_back_expired() {
    let app = App::start().await;
    let body = json!({
        "original_url": "https://example.com/over", "code": "over",
        "expires_at": "2026-11-22T10:20:31Z",
    });
    assert_eq!(app.create_link(body).await.status, 201);
    app.clock.advance(2_000_000);
    let file = download(&app, "export.csv").await;
    let again = import(&app, "", file.clone()).await;
    assert_eq!(counts(&again), [1, 0, 1, 0], "{again}");

    let empty = App::start().await;
    empty.clock.advance(2_000_000);
    let imported = import(&empty, "", file).await;
    assert_eq!(counts(&imported), [1, 1, 0, 0], "{imported}");
    let path = "/api/v1/links/by-code/go.example.org/over";
    assert_eq!(empty.get(path).await.body["status"], "expired");
}

#[tokio::test]
async fn an_export_goes_through_all_links_in_chunks() {
    let app = App::start().await;
    let rows: Value = (0..1_234)
        .map(|number| json!({ "original_url": format!("https://example.com/{number}") }))
        .collect();
    let made = app
        .call(
            Method::POST,
            "/api/v1/links/bulk",
            Some(json!({ "links": rows })),
        )
        .await;
    assert_eq!(made.body["done"], 1_234);
    let first = made.body["results"][0]["id"].clone();
    app.delete_link(&first).await;
    let file = download(&app, "export.csv").await;
    let mut rows = csv::Reader::from_reader(file.as_bytes());
    let ids: std::collections::BTreeSet<String> = rows
        .records()
        .map(|row| row.unwrap()[0].to_owned())
        .collect();
    assert_eq!(ids.len(), 1_233);
    assert!(
        !ids.contains(first.as_str().unwrap()),
        "{}",
        link_path(&first)
    );
}
