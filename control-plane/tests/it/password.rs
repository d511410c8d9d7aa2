//! Links with a password, from the form to the cookie.

use std::pin::pin;

use contract::{Clock, LinkId, UnlockKey};
use futures_util::{StreamExt, stream};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::harness::{App, EMAIL, INTERNAL_SECRET, PASSWORD};

const OPEN_SESAME: &str = "open sesame, 100% & more";

/// A link with that password.
async fn protected(app: &App, code: &str) -> Value {
    let body = json!({
        "original_url": "https://example.com/secret", "code": code, "password": OPEN_SESAME,
    });
    let created = app.create_link(body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    created.body
}

fn entry(app: &App, code: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    app.visitor(Method::POST, &format!("/auth/{code}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

async fn enter(app: &App, code: &str, body: &str) -> Response {
    entry(app, code, body.to_owned()).send().await.unwrap()
}

fn form(password: &str) -> String {
    let encode = |byte: u8| format!("%{byte:02X}");
    let password: String = password.bytes().map(encode).collect();
    format!("password={password}")
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

/// Name, value and attributes of all cookies that are set.
fn cookies(response: &Response) -> Vec<(String, String, String)> {
    let cookies = response.headers().get_all("set-cookie").iter();
    let parts = cookies.map(|cookie| {
        let (pair, attributes) = cookie.to_str().unwrap().split_once("; ").unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        (name.into(), value.into(), attributes.into())
    });
    parts.collect()
}

#[tokio::test]
async fn a_protected_link_shows_a_form_that_keeps_what_was_asked_for() {
    let app = App::start().await;
    protected(&app, "vault").await;
    let get = app.visitor(Method::GET, "/vault/more/%22?x=1&y=<b>%22'");
    let page = get.send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&page, "cache-control"), "private, no-store");
    assert_eq!(header(&page, "x-robots-tag"), "noindex");
    assert_eq!(header(&page, "referrer-policy"), "same-origin");
    let policy = header(&page, "content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    let length = header(&page, "content-length").to_owned();
    let html = page.text().await.unwrap();
    for part in [
        "<b class=\"address\">go.example.org/vault</b>",
        "<form method=\"post\" action=\"/auth/vault\">",
        "<input type=\"hidden\" name=\"path\" value=\"/more/%22\">",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(html.contains("name=\"query\" value=\"x=1&amp;y="), "{html}");
    assert!(!html.contains("<b>%22"), "{html}");
    assert!(!html.contains("example.com/secret"), "{html}");

    let head = app.visitor(Method::HEAD, "/vault/more/%22?x=1&y=<b>%22'");
    let head = head.send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(header(&head, "content-length"), length);
    assert_eq!(head.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn the_right_password_opens_the_link_and_no_other_does() {
    let app = App::start().await;
    let link = protected(&app, "vault").await;
    for wrong in ["", "open sesame", "Open sesame, 100% & more", "\0"] {
        let page = enter(&app, "vault", &form(wrong)).await;
        assert_eq!(page.status(), 403);
        assert_eq!(cookies(&page), []);
        let html = page.text().await.unwrap();
        assert!(html.contains("This is not the password."), "{html}");
    }
    let body = format!("{}&query=x%3D1%26y&path=%2Fmore", form(OPEN_SESAME));
    let opened = enter(&app, "vault", &body).await;
    assert_eq!(opened.status(), 303);
    assert_eq!(header(&opened, "location"), "/vault/more?x=1&y");
    assert_eq!(header(&opened, "cache-control"), "private, no-store");

    let id: LinkId = link["id"].as_str().unwrap().parse().unwrap();
    let paths: Vec<_> = cookies(&opened)
        .into_iter()
        .map(|(name, value, attributes)| {
            assert_eq!(name, UnlockKey::cookie_name(id));
            let key = UnlockKey::new(INTERNAL_SECRET);
            assert!(key.verify(&value, id, 1, app.clock.now()), "{value}");
            assert!(!value.contains("sesame"));
            attributes
        })
        .collect();
    let rest = "Max-Age=3600; HttpOnly; SameSite=Lax; Secure";
    let expected = ["/vault", "/vault+"].map(|path| format!("Path={path}; {rest}"));
    assert_eq!(paths, expected);
}

#[tokio::test]
async fn the_forms_address_leads_back_to_the_link() {
    let app = App::start().await;
    for (path, expected) in [
        ("/auth/vault", "/vault"),
        ("/auth/a%2Fb", ""),
        ("/auth/api", ""),
    ] {
        let back = app.visitor(Method::GET, path).send().await.unwrap();
        assert_eq!(header(&back, "location"), expected, "{path}");
    }
}

#[tokio::test]
async fn hostile_places_to_go_back_to_stay_on_the_link() {
    let app = App::start().await;
    protected(&app, "vault").await;
    for (fields, expected) in [
        (
            "&query=%0D%0ASet-Cookie:%20a=b",
            "/vault?%0D%0ASet-Cookie:%20a=b",
        ),
        ("&path=//evil.example/", "/vault//evil.example/"),
        ("&path=@evil.example/", "/vault"),
        ("&preview=1", "/vault+"),
    ] {
        let body = format!("{}{fields}", form(OPEN_SESAME));
        let opened = enter(&app, "vault", &body).await;
        assert_eq!(opened.status(), 303);
        assert_eq!(header(&opened, "location"), expected);
    }
}

#[tokio::test]
async fn attempts_are_limited_before_the_password_is_looked_at() {
    let app = App::start().await;
    protected(&app, "vault").await;
    protected(&app, "other").await;
    for _ in 0..12 {
        assert_eq!(enter(&app, "vault", &form(OPEN_SESAME)).await.status(), 303);
    }
    // At the same time, so that none of them can know of the others' failure.
    let attempts = (0..15).map(|_| enter(&app, "vault", "password=wrong"));
    let statuses = futures_util::future::join_all(attempts).await;
    let wrong = statuses.iter().filter(|page| page.status() == 403);
    assert_eq!(wrong.count(), 10);

    let refused = enter(&app, "vault", &form(OPEN_SESAME)).await;
    assert_eq!(refused.status(), 429);
    let wait: u64 = header(&refused, "retry-after").parse().unwrap();
    assert!((899..=901).contains(&wait), "{wait}");
    assert_eq!(cookies(&refused), []);

    let elsewhere = entry(&app, "vault", form(OPEN_SESAME));
    let elsewhere = elsewhere.header("x-forwarded-for", "203.0.113.7, 198.51.100.1");
    assert_eq!(
        elsewhere.send().await.unwrap().status(),
        303,
        "another client"
    );
    assert_eq!(enter(&app, "other", &form(OPEN_SESAME)).await.status(), 303);
    // All control planes count together.
    let sibling = app.second_instance().await;
    let elsewhere = app.client.post(format!("{}/auth/vault", sibling.url()));
    let elsewhere = elsewhere.header("x-forwarded-host", "go.example.org");
    let elsewhere = elsewhere.header("x-forwarded-for", "203.0.113.7");
    let form_type = "application/x-www-form-urlencoded";
    let elsewhere = elsewhere.header("content-type", form_type);
    let refused = elsewhere.body(form(OPEN_SESAME)).send().await.unwrap();
    assert_eq!(refused.status(), 429);
    app.clock.advance(15 * 60 * 1_000_000);
    assert_eq!(enter(&app, "vault", &form(OPEN_SESAME)).await.status(), 303);
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let app = App::start().await;
    protected(&app, "vault").await;
    for (name, value, expected) in [
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("origin", "https://go.example.org", 303),
        ("sec-fetch-site", "same-origin", 303),
    ] {
        let entry = entry(&app, "vault", form(OPEN_SESAME)).header(name, value);
        assert_eq!(
            entry.send().await.unwrap().status(),
            expected,
            "{name}: {value}"
        );
    }
}

#[tokio::test]
async fn what_is_not_protected_or_not_there_is_not_asked_about() {
    let app = App::start().await;
    app.link("plain").await;
    let early = json!({ "starts_at": "2026-12-01T00:00:00Z" });
    for (code, change) in [
        ("disabled", json!({ "enabled": false })),
        ("expired", json!({ "expires_at": "2026-11-22T10:20:31Z" })),
        ("early", early),
        ("open", json!({ "password": null })),
    ] {
        let link = protected(&app, code).await;
        assert_eq!(app.patch_link(&link["id"], change).await.status, 200);
    }
    let deleted = protected(&app, "deleted").await;
    app.delete_link(&deleted["id"]).await;
    app.clock.advance(1_000_000);
    let page = async |code: &str| {
        let page = app.visitor(Method::GET, &format!("/{code}"));
        page.send().await.unwrap()
    };
    // These have no password any more: the proxy will know in a moment, and send the visitor on.
    for code in ["plain", "open"] {
        let entered = enter(&app, code, &form(OPEN_SESAME)).await;
        assert_eq!(entered.status(), 303, "{code}");
        assert_eq!(entered.headers()["location"], format!("/{code}"));
        let page = page(code).await;
        assert_eq!(page.status(), 503, "{code}");
        for header in ["retry-after", "refresh"] {
            assert_eq!(page.headers()[header], "1", "{code}");
        }
    }
    for (code, status) in [
        ("disabled", 410),
        ("expired", 410),
        ("early", 404),
        ("deleted", 410),
    ] {
        assert_eq!(
            enter(&app, code, &form(OPEN_SESAME)).await.status(),
            303,
            "{code}"
        );
        assert_eq!(page(code).await.status(), status, "{code}");
    }
    for code in ["unknown", "a%20b", "api"] {
        assert_eq!(
            enter(&app, code, &form(OPEN_SESAME)).await.status(),
            404,
            "{code}"
        );
        assert_eq!(page(code).await.status(), 404, "{code}");
    }
    protected(&app, "vault").await;
    let elsewhere = app.request(Method::GET, "/vault");
    let elsewhere = elsewhere.header("x-forwarded-host", "other.example");
    assert_eq!(elsewhere.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn forms_that_are_none_are_refused() {
    let app = App::start().await;
    protected(&app, "vault").await;
    let large = format!("password={}", "x".repeat(65 * 1024));
    for (body, expected) in [
        ("", 422),
        ("query=x", 422),
        ("password=a&password=b", 422),
        ("password=a&to=https://evil.example/", 422),
        (large.as_str(), 413),
    ] {
        assert_eq!(
            enter(&app, "vault", body).await.status(),
            expected,
            "{body:.40}"
        );
    }
    let json = app
        .visitor(Method::POST, "/auth/vault")
        .json(&json!({ "password": OPEN_SESAME }));
    assert_eq!(json.send().await.unwrap().status(), 415);
    let long = format!("password={}", "x".repeat(60 * 1024));
    assert_eq!(enter(&app, "vault", &long).await.status(), 403);
}

#[tokio::test]
async fn links_that_are_given_passwords_keep_neither_people_nor_visitors_out() {
    let app = App::start().await;
    protected(&app, "before").await;
    let links = stream::iter(0..).map(|number| {
        app.create_link(json!({
            "original_url": "https://example.com/secret", "code": format!("many-{number}"),
            "password": OPEN_SESAME,
        }))
    });
    // Three times as many at any moment as there are places.
    let mut links = pin!(links.buffer_unordered(100));
    let mut made = Vec::new();
    while !made.contains(&503) {
        made.push(links.next().await.unwrap().status);
    }
    let more = async {
        while let Some(link) = links.next().await {
            made.push(link.status);
        }
    };
    let others = async {
        for _ in 0..3 {
            assert_eq!(app.sign_in(EMAIL, PASSWORD).await.status, 200);
            let entered = enter(&app, "before", &form(OPEN_SESAME)).await;
            assert_eq!(entered.status(), 303);
        }
    };
    tokio::select! {
        () = more => unreachable!("there is no end of them"),
        () = others => {}
    }
    assert!(made.contains(&201), "{made:?}");
    let expected = |status: &u16| [201, 503].contains(status);
    assert!(made.iter().all(expected), "{made:?}");
}
