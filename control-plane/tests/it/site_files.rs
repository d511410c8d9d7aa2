//! Files that programs ask each domain for.

use reqwest::Method;

use crate::harness::App;

const OTHER: &str = "links.example.com";

struct File {
    status: u16,
    kind: String,
    cache: String,
    text: String,
}

async fn file(app: &App, host: &str, path: &str) -> File {
    let request = app.request(Method::GET, path);
    let response = request.header("x-forwarded-host", host).send().await;
    let response = response.unwrap();
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    };
    File {
        status: response.status().as_u16(),
        kind: header("content-type"),
        cache: header("cache-control"),
        text: response.text().await.unwrap(),
    }
}

async fn with_other_domain() -> App {
    let app = App::start().await;
    let insert = "insert into domains (domain, workspace_id, created_at, updated_at, revision)
                  select $1, id, now(), now(), 0 from workspaces";
    sqlx::query(insert)
        .bind(OTHER)
        .execute(&app.pool)
        .await
        .unwrap();
    app
}

#[tokio::test]
async fn crawlers_may_fetch_links_and_not_pages_of_ours() {
    let app = with_other_domain().await;
    let links = "User-agent: *\nDisallow: /auth/\nDisallow: /report/\n";
    let console = format!("{links}Disallow: /api/\nDisallow: /console/\n");
    for (host, expected) in [
        ("go.example.org", console.as_str()),
        ("GO.example.org:443", &console),
        (OTHER, links),
        ("unknown.example.net", links),
    ] {
        let robots = file(&app, host, "/robots.txt").await;
        assert_eq!((robots.status, &*robots.text), (200, expected), "{host}");
        assert_eq!(robots.kind, "text/plain; charset=utf-8");
        assert_eq!(robots.cache, "public, max-age=3600");
    }
}
