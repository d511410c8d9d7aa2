//! `/{code}+`: where a link leads, without going there.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::harness::App;

async fn preview(app: &App, code: &str) -> Response {
    let request = app.visitor(Method::GET, &format!("/{code}+"));
    request.send().await.unwrap()
}

async fn html(app: &App, code: &str) -> String {
    let page = preview(app, code).await;
    assert_eq!(page.status(), 200);
    page.text().await.unwrap()
}

/// A link with a code and more.
async fn link(app: &App, code: &str, more: Value) -> Value {
    let mut body = more;
    body["code"] = code.into();
    if body.get("original_url").is_none() {
        body["original_url"] = "https://example.com/target".into();
    }
    let created = app.create_link(body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    created.body
}

#[tokio::test]
async fn a_preview_shows_the_target_and_is_no_place_to_do_anything() {
    let app = App::start().await;
    let target = "https://bücher.example.com/a?b=1&c=\"2\"";
    link(
        &app,
        "books",
        json!({ "original_url": target, "title": "Books" }),
    )
    .await;
    let page = preview(&app, "books").await;
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["x-robots-tag"], "noindex");
    assert_eq!(page.headers()["cache-control"], "private, no-store");
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let policy = policy.to_owned();
    let html = page.text().await.unwrap();
    let (_, style) = html.split_once("<style>").unwrap();
    let (style, _) = style.split_once("</style>").unwrap();
    let allowed = format!("style-src {};", service::style_source(style));
    assert!(policy.contains(&allowed), "{allowed} in {policy}");
    assert!(!html.contains("style="), "{html}");
    let stored = "https://xn--bcher-kva.example.com/a?b=1&amp;c=%222%22";
    for part in [
        "<h1>Books</h1>",
        &format!("<a href=\"{stored}\" rel=\"noopener nofollow\">{stored}</a>"),
        "<bdi dir=\"ltr\">bücher.example.com</bdi>",
        "go.example.org/books",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    let head = app.visitor(Method::HEAD, "/books+").send().await.unwrap();
    assert_eq!(head.status(), 200);
}

#[tokio::test]
async fn nothing_of_an_owners_can_be_markup() {
    let app = App::start().await;
    let hostile = "<script>alert(1)</script>\" onload='x";
    let preview = json!({
        "title": hostile, "description": hostile,
        "image_url": "https://example.com/a.png?'\"<x>",
    });
    link(
        &app,
        "hostile",
        json!({ "title": hostile, "social_preview": preview }),
    )
    .await;
    sqlx::query("update links set original_url = 'javascript:alert(\"<b>\")'")
        .execute(&app.pool)
        .await
        .unwrap();
    let html = html(&app, "hostile").await;
    let shown = "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x";
    assert!(html.contains(&format!("<h1>{shown}</h1>")), "{html}");
    assert!(html.contains(&format!("<p>{shown}</p>")), "{html}");
    assert!(
        html.contains("<img src=\"https://example.com/a.png?%27%22%3Cx%3E\""),
        "{html}"
    );
    assert!(!html.contains("<script"), "{html}");
    let report = "<a href=\"/report/hostile\" rel=\"nofollow\">";
    assert!(html.contains(report), "{html}");
    assert_eq!(html.matches("href").count(), 1, "only ours: {html}");
}

#[tokio::test]
async fn a_split_shows_all_its_targets_and_rules_are_mentioned() {
    let app = App::start().await;
    let variant = |name: &str, weight: u32| json!({ "url": format!("https://example.com/{name}"), "weight": weight });
    let more = json!({
        "split": { "variants": [variant("a", 1), variant("b", 2), variant("nobody", 0)] },
        "rules": [{ "if": [{ "country": ["DE"] }], "then": { "url": "https://example.com/de" } }],
    });
    link(&app, "split", more).await;
    let html = html(&app, "split").await;
    for shown in [
        "https://example.com/a<",
        "https://example.com/b<",
        "sent elsewhere",
    ] {
        assert!(html.contains(shown), "{shown} in {html}");
    }
    for hidden in ["target", "nobody", "/de"] {
        assert!(!html.contains(hidden), "{hidden} in {html}");
    }
}

#[tokio::test]
async fn links_out_of_service_have_the_status_of_the_edge() {
    let app = App::start().await;
    for (code, more) in [
        ("off", json!({ "enabled": false })),
        ("over", json!({ "expires_at": "2026-11-22T10:20:31Z" })),
        ("early", json!({ "starts_at": "2026-12-01T00:00:00Z" })),
        ("gone", json!({})),
        ("bad", json!({})),
    ] {
        link(&app, code, more).await;
    }
    for change in [
        "update links set deleted_at = now() where code = 'gone'",
        "update links set is_blocked = true where code = 'bad'",
    ] {
        sqlx::query(change).execute(&app.pool).await.unwrap();
    }
    app.clock.advance(1_000_000);
    for (code, expected) in [
        ("off", 410),
        ("over", 410),
        ("gone", 410),
        ("bad", 451),
        ("early", 404),
        ("unknown", 404),
    ] {
        let page = preview(&app, code).await;
        assert_eq!(page.status(), expected, "{code}");
        assert!(
            !page.text().await.unwrap().contains("example.com"),
            "{code}"
        );
    }
}

#[tokio::test]
async fn a_protected_link_shows_nothing_before_its_password() {
    let app = App::start().await;
    let more = json!({ "password": "1234", "title": "Secret plan" });
    link(&app, "vault", more).await;
    let form = html(&app, "vault").await;
    assert!(form.contains("action=\"/auth/vault\""), "{form}");
    assert!(form.contains("name=\"preview\" value=\"1\""), "{form}");
    assert!(
        !form.contains("target") && !form.contains("Secret plan"),
        "{form}"
    );

    let opened = app
        .visitor(Method::POST, "/auth/vault")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("password=1234&preview=1");
    let opened = opened.send().await.unwrap();
    assert_eq!(opened.headers()["location"], "/vault+");
    let cookies = opened.headers().get_all("set-cookie").iter();
    let cookie = cookies
        .map(|cookie| cookie.to_str().unwrap())
        .find(|cookie| cookie.contains("Path=/vault+;"))
        .unwrap();
    let (cookie, _) = cookie.split_once(';').unwrap();
    let with_cookie = async |cookie: &str| {
        let request = app.visitor(Method::GET, "/vault+").header("cookie", cookie);
        request.send().await.unwrap().text().await.unwrap()
    };
    let shown = with_cookie(&format!("a=b; {cookie}")).await;
    assert!(shown.contains("https://example.com/target"), "{shown}");
    let altered = with_cookie(&cookie[..cookie.len() - 1]).await;
    assert!(!altered.contains("example.com/target"), "{altered}");
    app.clock.advance(3_600 * 1_000_000);
    let over = with_cookie(cookie).await;
    assert!(!over.contains("example.com/target"), "{over}");
}
