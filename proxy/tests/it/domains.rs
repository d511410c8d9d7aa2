//! What a domain does besides carrying links.

use contract::{DomainRecord, Timestamp};
use reqwest::Method;

use crate::harness::{NOW, Proxy, eventually, link, location};

fn settings(domain: &str, revision: u64) -> DomainRecord {
    DomainRecord {
        domain: domain.parse().unwrap(),
        revision,
        root_url: Some("https://example.com/".into()),
        not_found_url: Some("https://example.com/lost".into()),
        expired_url: Some("https://example.com/over".into()),
        ignores_case: true,
    }
}

/// Where a path of a host leads; the status if nowhere.
async fn target(proxy: &Proxy, host: &str, path: &str) -> String {
    let request = proxy.request(Method::GET, path).header("host", host);
    let response = request.send().await.unwrap();
    match location(&response) {
        nowhere if nowhere.is_empty() => response.status().as_u16().to_string(),
        location => location,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_has_places_for_those_who_would_get_none() {
    let proxy = Proxy::start().await;
    proxy.knows(&settings("go.example.com", 1)).await;
    let mut old = link("old", 2, "https://example.com/old");
    old.domain = "go.example.com".parse().unwrap();
    old.expires_at = Some(Timestamp::from_micros(NOW));
    proxy.knows(&old).await;

    let at = async |path| target(&proxy, "go.example.com", path).await;
    assert_eq!(at("/").await, "https://example.com/");
    assert_eq!(at("/nothing").await, "https://example.com/lost");
    assert_eq!(at("/old").await, "https://example.com/over");
    assert_eq!(target(&proxy, "elsewhere.example", "/nothing").await, "404");
    // Without settings of its own the root is the control plane's.
    assert_eq!(proxy.status("/").await, 200);
    eventually("the orphan is kept", async || {
        proxy.relay.clicks().await == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn print_is_not_case_sensitive_where_the_domain_says_so() {
    let proxy = Proxy::start().await;
    proxy.knows(&settings("go.example.com", 1)).await;
    for domain in ["go.example.com", "localhost"] {
        let mut link = link("poster", 2, "https://example.com/poster");
        link.domain = domain.parse().unwrap();
        proxy.knows(&link).await;
    }
    for path in ["/poster", "/POSTER", "/Poster"] {
        let found = target(&proxy, "go.example.com", path).await;
        assert_eq!(found, "https://example.com/poster", "{path}");
    }
    assert_eq!(
        target(&proxy, "localhost", "/poster").await,
        "https://example.com/poster"
    );
    assert_eq!(target(&proxy, "localhost", "/POSTER").await, "404");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_settings_take_effect_by_the_feed() {
    let proxy = Proxy::start().await;
    proxy.relay.publish(&settings("go.example.com", 1)).await;
    let at = async |path| target(&proxy, "go.example.com", path).await;
    eventually("the settings are there", async || {
        at("/").await == "https://example.com/"
    })
    .await;
    let plain = DomainRecord {
        root_url: Some("https://example.com/new".into()),
        not_found_url: None,
        ..settings("go.example.com", 2)
    };
    proxy.relay.publish(&plain).await;
    eventually("the edit is there", async || {
        at("/").await == "https://example.com/new"
    })
    .await;
    assert_eq!(at("/nothing").await, "404");
}
