//! Requests that a page of another site causes.

use reqwest::Method;
use serde_json::json;

use crate::harness::{App, EMAIL, PASSWORD, answer, cookie};

#[tokio::test]
async fn other_sites_cannot_use_the_cookie() {
    let app = App::start().await;
    let cookie = cookie(&app.sign_in(EMAIL, PASSWORD).await);
    let body = json!({ "original_url": "https://example.com/" });
    let post = || {
        app.request(Method::POST, "/api/v1/links")
            .header("cookie", &cookie)
            .json(&body)
    };
    let refused = answer(post()).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (403, &json!("cross_site"))
    );
    let refused = answer(
        post()
            .header("x-requested-with", "linkpulse")
            .header("sec-fetch-site", "cross-site"),
    )
    .await;
    assert_eq!(refused.status, 403);
    let made = answer(
        post()
            .header("x-requested-with", "linkpulse")
            .header("sec-fetch-site", "same-origin"),
    )
    .await;
    assert_eq!(made.status, 201);
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing_whatever_its_headers_are() {
    let app = App::start().await;
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    let host = app.url.strip_prefix("http://").unwrap().to_owned();
    let create = async |origins: &[&str]| {
        let body = json!({ "original_url": "https://example.com/" });
        let request = app.request(Method::POST, "/api/v1/links").json(&body);
        let request = request.header("cookie", &cookie);
        let mut request = request.header("x-requested-with", "linkpulse");
        for origin in origins {
            request = request.header("origin", *origin);
        }
        answer(request).await
    };
    let ours = format!("http://{host}");
    let near = format!("http://{host}.evil.example");
    // The second is the address of the installation, whatever stands in front of us.
    for origins in [&[ours.as_str()][..], &["https://go.example.org"], &[]] {
        assert_eq!(create(origins).await.status, 201, "{origins:?}");
    }
    for origins in [
        &["https://evil.example"][..],
        &["null"],
        &[&near],
        &[&ours, "https://evil.example"],
    ] {
        let refused = create(origins).await;
        let code = &refused.body["code"];
        assert_eq!(
            (refused.status, code),
            (403, &json!("cross_site")),
            "{origins:?}"
        );
    }
    // Nor does it sign anybody in.
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let body = json!({ "email": EMAIL, "password": PASSWORD });
        let request = app.request(Method::POST, "/api/v1/session").json(&body);
        let refused = answer(request.header(name, value)).await;
        assert_eq!(refused.status, 403, "{name}");
        assert!(!refused.headers.contains_key("set-cookie"), "{name}");
    }
}
