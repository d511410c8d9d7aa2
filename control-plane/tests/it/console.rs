//! The embedded console. Works with and without a built one: what is asserted holds for both.

use crate::harness::App;

#[tokio::test]
async fn the_root_leads_to_the_console() {
    let app = App::start().await;
    for path in ["/", "/console"] {
        let response = app
            .client
            .get(format!("{}{path}", app.url))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 307);
        assert_eq!(response.headers()["location"], "/console/");
    }
}

#[tokio::test]
async fn pages_are_the_application_and_missing_assets_are_missing() {
    let app = App::start().await;
    let get = |path: &str| app.client.get(format!("{}{path}", app.url)).send();
    let page = get("/console/links/lnk_1").await.unwrap();
    if page.status() == 404 {
        assert!(
            page.text().await.unwrap().contains("make console"),
            "says how to get a console"
        );
    } else {
        assert_eq!(page.headers()["content-type"], "text/html");
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers()["x-content-type-options"], "nosniff");
        assert_eq!(page.headers()["cache-control"], "no-cache");
    }
    assert_eq!(
        get("/console/assets/missing.js").await.unwrap().status(),
        404
    );
    assert_eq!(get("/console/../Cargo.toml").await.unwrap().status(), 404);
    assert_eq!(
        get("/console/..%2f..%2fCargo.toml").await.unwrap().status(),
        page_status(&app).await
    );
}

/// An encoded path below the console is a page like any other, never a file outside.
async fn page_status(app: &App) -> u16 {
    let page = app
        .client
        .get(format!("{}/console/any", app.url))
        .send()
        .await
        .unwrap();
    page.status().as_u16()
}
