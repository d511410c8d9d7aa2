//! What visitors get.

use std::time::{Duration, Instant};

use contract::{LinkState, RedirectStatus, Timestamp};
use reqwest::Method;

use crate::harness::{AT_ONCE, NOW, Proxy, eventually, link, location};

#[tokio::test(flavor = "multi_thread")]
async fn a_link_redirects_and_is_not_cached() {
    let proxy = Proxy::start().await;
    proxy
        .knows(&link("abc", 1, "https://example.com/a?b=c#d"))
        .await;

    let response = proxy.get("/abc?utm_source=x").await;
    assert_eq!(response.status(), 302);
    assert_eq!(location(&response), "https://example.com/a?b=c#d");
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("cache-control"), "private, no-store");
    assert_eq!(header("referrer-policy"), "strict-origin-when-cross-origin");
    assert_eq!(header("x-robots-tag"), "noindex");
    assert_eq!(header("content-length"), "0");
    assert!(header("x-request-id").starts_with("req_"));
    assert_eq!(response.bytes().await.unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_link_has_its_answer() {
    let proxy = Proxy::start().await;
    let mut moved = link("moved", 1, "https://example.com/");
    moved.status = RedirectStatus::Permanent;
    let mut deleted = link("deleted", 2, "https://example.com/");
    deleted.state = LinkState::Deleted;
    let mut disabled = link("disabled", 3, "https://example.com/");
    disabled.state = LinkState::Disabled;
    let mut expires = link("expires", 4, "https://example.com/");
    expires.expires_at = Some(Timestamp::from_micros(NOW + 1_000_000));
    for record in [&moved, &deleted, &disabled, &expires] {
        proxy.control_plane.knows(record);
    }

    assert_eq!(proxy.status("/moved").await, 308);
    assert_eq!(proxy.status("/deleted").await, 410);
    assert_eq!(proxy.status("/disabled").await, 410);
    assert_eq!(proxy.status("/nothing").await, 404);
    assert_eq!(proxy.status("/expires").await, 302);
    proxy.clock.advance(1_000_000);
    assert_eq!(
        proxy.status("/expires").await,
        410,
        "from memory, by the clock"
    );

    let gone = proxy.get("/deleted").await;
    assert_eq!(gone.headers()["cache-control"], "private, no-store");
    assert!(gone.text().await.unwrap().contains("no longer available"));
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_answered_like_get_without_a_body() {
    let proxy = Proxy::start().await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    let response = proxy.request(Method::HEAD, "/abc").send().await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(location(&response), "https://example.com/");
    let response = proxy
        .request(Method::HEAD, "/nothing")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_on_a_code_are_refused() {
    let proxy = Proxy::start().await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let response = proxy
            .request(method, "/abc")
            .body("x=1")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "GET, HEAD");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_with_a_line_break_never_splits_the_head() {
    let proxy = Proxy::start().await;
    let broken = async || {
        let line = "linkpulse_redirects_total{outcome=\"broken\"}";
        proxy.metric(line).await
    };
    let before = broken().await;
    for (code, target) in [
        ("crlf", "https://example.com/\r\nSet-Cookie: a=b"),
        ("lf", "https://example.com/\nSet-Cookie: a=b"),
        ("nul", "https://example.com/\0"),
        ("none", ""),
    ] {
        proxy.knows(&link(code, 1, target)).await;
        let response = proxy.get(&format!("/{code}")).await;
        assert_eq!(response.status(), 500, "{code}");
        assert!(!response.headers().contains_key("set-cookie"));
        assert!(!response.headers().contains_key("location"));
    }
    assert_eq!(proxy.relay.clicks().await, 0);
    // An alarm: somebody has to look at these records. Other tests count there too.
    assert!(broken().await >= before + 4.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_domain_has_its_own_codes() {
    let proxy = Proxy::start().await;
    let mut other = link("abc", 1, "https://other.example/");
    other.domain = "go.example.com".parse().unwrap();
    proxy.control_plane.knows(&other);
    let asked = |host: &'static str| {
        let request = proxy.request(Method::GET, "/abc").header("host", host);
        async { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(asked("Go.Example.com:8080").await, 302);
    assert_eq!(asked("localhost").await, 404);
    assert_eq!(asked("unknown.example").await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_visitors_of_a_cold_link_ask_once() {
    let proxy = Proxy::start().await;
    proxy
        .control_plane
        .knows(&link("cold", 1, "https://example.com/"));
    proxy.control_plane.takes(Duration::from_millis(100));
    let visits = (0..200).map(|_| proxy.status("/cold"));
    let statuses = futures_util::future::join_all(visits).await;
    assert_eq!(statuses, vec![302; 200]);
    assert_eq!(proxy.control_plane.resolves(), 1);

    let visits = (0..50).map(|_| proxy.status("/nothing"));
    assert_eq!(futures_util::future::join_all(visits).await, vec![404; 50]);
    assert_eq!(
        proxy.control_plane.resolves(),
        2,
        "what does not exist is remembered too"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_asked_first() {
    let proxy = Proxy::start().await;
    proxy.control_plane.fails_with(503);
    proxy
        .relay
        .store(&link("abc", 1, "https://example.com/"))
        .await;
    eventually("the connection for records is there", async || {
        proxy.status("/abc").await == 302
    })
    .await;
    let asked = proxy.control_plane.resolves();
    proxy
        .relay
        .store(&link("def", 1, "https://example.com/def"))
        .await;
    assert_eq!(proxy.target("def").await, "https://example.com/def");
    assert_eq!(proxy.control_plane.resolves(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_agreed_body_means_that_there_is_no_link() {
    let proxy = Proxy::start().await;
    for status in [404, 401, 500, 503] {
        proxy.control_plane.fails_with(status);
        let started = Instant::now();
        let response = proxy.get("/abc").await;
        assert_eq!(response.status(), 503, "{status}");
        assert_eq!(response.headers()["retry-after"], "1");
        assert!(started.elapsed() < AT_ONCE);
    }
    assert_eq!(
        proxy.control_plane.resolves(),
        4,
        "a 503 is never remembered"
    );
}
