//! Filters, orders and pages of the list of links.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{App, EMAIL, PASSWORD, eventually};

fn codes(page: &Value) -> Vec<&str> {
    let links = page["data"].as_array().unwrap().iter();
    links.map(|link| link["code"].as_str().unwrap()).collect()
}

async fn link_with(app: &App, code: &str, fields: Value) -> Value {
    let mut body = fields;
    body["code"] = code.into();
    body["original_url"] = format!("https://example.com/{code}").into();
    let created = app.create_link(body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    app.clock.advance(1_000_000);
    created.body
}

#[tokio::test]
async fn links_are_filtered_by_tags_and_archive() {
    let app = App::start().await;
    for (code, tags, archived) in [
        ("a", json!(["red"]), false),
        ("b", json!(["red", "blue"]), false),
        ("c", json!([]), false),
        ("d", json!(["blue"]), true),
    ] {
        link_with(&app, code, json!({ "tags": tags, "archived": archived })).await;
    }
    for (query, expected) in [
        ("", vec!["c", "b", "a"]),
        ("any_tag=RED,green", vec!["b", "a"]),
        ("all_tags=red,blue", vec!["b"]),
        ("no_tag=blue", vec!["c", "a"]),
        ("any_tag=red&no_tag=blue", vec!["a"]),
        ("archived=only", vec!["d"]),
        ("archived=include&any_tag=blue", vec!["d", "b"]),
        ("order=asc", vec!["a", "b", "c"]),
    ] {
        let page = app.get(&format!("/api/v1/links?{query}")).await;
        assert_eq!(codes(&page.body), expected, "{query}");
    }
    let all = app.get("/api/v1/links?archived=include").await.body;
    for link in all["data"].as_array().unwrap() {
        app.delete_link(&link["id"]).await;
    }
    for (query, expected) in [
        ("", vec!["d", "c", "b", "a"]),
        ("&archived=include", vec!["d", "c", "b", "a"]),
        ("&archived=exclude", vec!["c", "b", "a"]),
        ("&archived=only", vec!["d"]),
    ] {
        let page = app
            .get(&format!("/api/v1/links?status=deleted{query}"))
            .await;
        assert_eq!(codes(&page.body), expected, "{query}");
    }
}

#[tokio::test]
async fn links_are_found_by_notes_tags_domain_maker_and_date() {
    let app = App::start().await;
    let a = link_with(
        &app,
        "a",
        json!({ "notes": "Frühling\nin Wien", "tags": ["Messe"] }),
    )
    .await;
    link_with(&app, "b", json!({ "title": "Sommer" })).await;
    sqlx::query("update links set created_by = 'usr_1' where code = 'b'")
        .execute(&app.pool)
        .await
        .unwrap();
    let key = a["created_by"].as_str().unwrap();
    for (query, expected) in [
        ("q=FR%C3%9CHL", vec!["a"]),
        ("q=messe", vec!["a"]),
        ("q=g%0Ain", vec!["a"]),
        ("domain=go.example.org", vec!["b", "a"]),
        ("domain=GO.Example.org", vec!["b", "a"]),
        ("domain=go.example.org.:443", vec!["b", "a"]),
        ("domain=else.example", vec![]),
        (&format!("created_by={key}"), vec!["a"]),
        ("created_by=usr_1", vec!["b"]),
        ("created_from=2026-11-22T10:20:31Z", vec!["b"]),
        ("created_before=2026-11-22T10:20:31Z", vec!["a"]),
        (
            "created_from=2026-11-22T10:20:30Z&created_before=2026-11-23T00:00:00Z",
            vec!["b", "a"],
        ),
    ] {
        let page = app.get(&format!("/api/v1/links?{query}")).await;
        assert_eq!(codes(&page.body), expected, "{query}: {}", page.body);
    }
    for query in [
        "created_from=yesterday",
        "any_tag=",
        "any_tag=,",
        "domain=%00",
        "domain=",
        "domain=go%20example",
        "archived=maybe",
        "sort=random",
        "order=up",
        "total=much",
    ] {
        let refused = app.get(&format!("/api/v1/links?{query}")).await;
        assert_eq!(refused.status, 422, "{query}");
    }
}

async fn set_clicks(app: &App, link: &Value, clicks: i64, last: &str) {
    let id: contract::LinkId = link["id"].as_str().unwrap().parse().unwrap();
    let insert = "insert into link_clicks_hourly (link_id, hour, clicks, last_clicked_at)
                  values ($1, date_trunc('hour', $3::text::timestamptz), $2, $3::text::timestamptz)";
    sqlx::query(insert)
        .bind::<Uuid>(id.0)
        .bind(clicks)
        .bind(last)
        .execute(&app.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn links_are_sorted_by_their_clicks_soon_after_they_happen() {
    let app = App::start().await;
    let mut links = Vec::new();
    for code in ["a", "b", "c", "d"] {
        links.push(link_with(&app, code, json!({})).await);
    }
    set_clicks(&app, &links[1], 7, "2026-11-22T10:00:00Z").await;
    // Long ago: it arrives late, or was always there.
    set_clicks(&app, &links[0], 9, "2026-01-01T10:00:00Z").await;
    set_clicks(&app, &links[3], 7, "2026-11-21T10:00:00Z").await;
    let sorted = async |query: &str, expected: &[&str]| {
        let list = async || {
            let page = app.get(&format!("/api/v1/links?{query}")).await.body;
            (codes(&page) == expected).then_some(())
        };
        eventually(&format!("{query} gives {expected:?}"), list).await;
    };
    sorted("sort=clicks", &["a", "d", "b", "c"]).await;
    sorted("sort=clicks&order=asc", &["c", "b", "d", "a"]).await;
    sorted("sort=last_clicked", &["b", "d", "a", "c"]).await;
    sorted("sort=last_clicked&order=asc", &["c", "a", "d", "b"]).await;
    for sort in [
        "sort=clicks",
        "sort=last_clicked",
        "sort=clicks&order=asc",
        "order=asc",
    ] {
        let whole = app.get(&format!("/api/v1/links?{sort}")).await.body;
        let mut seen = Vec::new();
        let mut path = format!("/api/v1/links?{sort}&limit=1");
        loop {
            let page = app.get(&path).await.body;
            seen.extend(page["data"].as_array().unwrap().clone());
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            path = format!("/api/v1/links?{sort}&limit=1&cursor={cursor}");
        }
        assert_eq!(json!(seen), whole["data"], "{sort}");
    }
    // Erased statistics are followed, too.
    sqlx::query("delete from link_clicks_hourly where clicks = 9")
        .execute(&app.pool)
        .await
        .unwrap();
    sorted("sort=clicks", &["d", "b", "c", "a"]).await;
}

#[tokio::test]
async fn a_page_names_the_next_and_counts_on_request() {
    let app = App::start().await;
    for code in ["a", "b", "c"] {
        link_with(&app, code, json!({})).await;
    }
    let page = app.get("/api/v1/links?limit=2&domain=go.example.org").await;
    assert_eq!(page.body.get("total"), None);
    let link = page.headers["link"].to_str().unwrap();
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let path = format!("/api/v1/links?limit=2&domain=go.example.org&cursor={cursor}");
    assert_eq!(link, format!("<{path}>; rel=\"next\""));
    let last = app.get(&format!("{path}&total=true")).await;
    assert_eq!(
        (codes(&last.body), &last.body["total"]),
        (vec!["a"], &json!(3))
    );
    assert_eq!(last.headers.get("link"), None);
    for other in ["q=a", "sort=clicks", "order=asc", "status=active"] {
        let refused = app
            .get(&format!("/api/v1/links?{other}&cursor={cursor}"))
            .await;
        assert_eq!(
            refused.status, 400,
            "a place in one list means nothing in another"
        );
    }
}

#[tokio::test]
async fn all_that_is_wrong_with_a_question_is_told_at_once() {
    let app = App::start().await;
    for (query, fields) in [
        (
            "limit=0&q=%00&domain=a%20b&created_from=x&created_by=%00&any_tag=",
            vec![
                "any_tag",
                "created_by",
                "created_from",
                "domain",
                "limit",
                "q",
            ],
        ),
        (
            "limit=many&status=odd&planet=Mars&total=1",
            vec!["limit", "planet", "status", "total"],
        ),
    ] {
        let refused = app.get(&format!("/api/v1/links?{query}")).await;
        assert_eq!(refused.status, 422, "{query}");
        let errors = refused.body["errors"].as_array().unwrap().iter();
        let mut named: Vec<_> = errors
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        named.sort_unstable();
        named.dedup();
        assert_eq!(named, fields, "{query}");
    }
    let refused = app.get("/api/v1/orphans?limit=0&q=%00").await;
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_domain_is_meant_in_any_case_wherever_links_are_chosen() {
    let app = App::start().await;
    let link = link_with(&app, "a", json!({})).await;
    let filter = json!({ "domain": "GO.example.ORG" });
    let edit = json!({ "select": { "filter": filter }, "add_tags": ["seen"] });
    let path = "/api/v1/links/bulk/edit";
    let edited = app.call(reqwest::Method::POST, path, Some(edit)).await;
    assert_eq!(
        edited.body["results"][0]["id"], link["id"],
        "{}",
        edited.body
    );
    let path = "/api/v1/links/export.csv?domain=GO.example.ORG";
    let file = app.get(path).await.body;
    assert!(file.as_str().unwrap().contains("seen"), "{file}");
    let filter = json!({ "domain": "go example" });
    let delete = json!({ "select": { "filter": filter } });
    let path = "/api/v1/links/bulk/delete";
    let refused = app.call(reqwest::Method::POST, path, Some(delete)).await;
    assert_eq!(
        (refused.status, &refused.body["errors"][0]["field"]),
        (422, &json!("select.filter.domain"))
    );
    let path = "/api/v1/links/export.csv?domain=go%20example";
    assert_eq!(app.get(path).await.status, 422);

    // A key that sees this domain only.
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let key = json!({ "name": "x", "scopes": ["read"], "domain": "Go.example.org" });
    let path = "/api/v1/keys";
    let key = app.console(&owner, reqwest::Method::POST, path, Some(key));
    let key = key.await.body["secret"].as_str().unwrap().to_owned();
    for (domain, status) in [("GO.EXAMPLE.ORG", 200), ("else.example", 404)] {
        let path = format!("/api/v1/links?domain={domain}");
        let list = app.call_with(&key, reqwest::Method::GET, &path, None).await;
        assert_eq!(list.status, status, "{domain}");
    }
}
