//! What was in memory outlives the process.

use local_servers::testing;

use crate::harness::{Proxy, eventually, link};

/// Where nobody listens.
const NOBODY: &str = "redis://:none@127.0.0.1:1/0";

/// A proxy that was stopped with the link `abc` in memory, and a control plane that knows nothing.
async fn stopped_with_abc() -> Proxy {
    let proxy = Proxy::start().await;
    proxy.knows(&link("abc", 1, "https://example.com/1")).await;
    assert_eq!(proxy.status("/abc").await, 302);
    proxy
}

#[tokio::test(flavor = "multi_thread")]
async fn links_redirect_after_a_restart_although_nobody_can_be_asked() {
    let proxy = stopped_with_abc().await.restarted(NOBODY, NOBODY).await;
    proxy.control_plane.fails_with(502);
    assert_eq!(proxy.target("abc").await, "https://example.com/1");
    assert_eq!(proxy.readyz().await, 200, "it can do its work");
    let unknown = proxy.get("/unknown").await;
    assert_eq!(unknown.status(), 503);
    assert_eq!(unknown.headers()["retry-after"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_snapshot_is_not_a_reason_to_stay_away() {
    let mut proxy = stopped_with_abc().await;
    proxy.stop().await.unwrap();
    let path = proxy.data_dir().join("cache.snap");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let url = testing::redis_url();
    let proxy = proxy.restarted(url, url).await;
    proxy.is_ready().await;
    assert_eq!(
        proxy.target("abc").await,
        "https://example.com/1",
        "from Redis"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_meanwhile_is_read_and_the_rest_stays_in_memory() {
    let mut proxy = Proxy::start().await;
    for (code, revision) in [("abc", 1), ("kept", 2)] {
        let link = link(code, revision, "https://example.com/1");
        proxy.relay.publish(&link).await;
        eventually("it is in memory", async || {
            proxy.target(code).await == "https://example.com/1"
        })
        .await;
    }
    proxy.stop().await.unwrap();
    proxy
        .relay
        .publish(&link("abc", 3, "https://example.com/2"))
        .await;
    let kept = link("kept", 2, "https://example.com/1");
    proxy.relay.forget(&kept).await;
    let url = testing::redis_url();
    let proxy = proxy.restarted(url, url).await;
    eventually("the edit is there", async || {
        proxy.target("abc").await == "https://example.com/2"
    })
    .await;
    assert_eq!(proxy.target("kept").await, "https://example.com/1");
}
