//! A stop loses nothing that was accepted.

use std::time::{Duration, Instant};

use local_servers::testing::ThrowAway;

use crate::harness::{AT_ONCE, LONG_GRACE, PATIENCE, Proxy, eventually, link};

#[tokio::test(flavor = "multi_thread")]
async fn the_last_block_is_sent() {
    let mut proxy = Proxy::with_settings(&[LONG_GRACE]).await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    for _ in 0..20 {
        assert_eq!(proxy.status("/abc").await, 302);
    }
    let started = Instant::now();
    proxy.stop().await.unwrap();
    assert!(started.elapsed() < AT_ONCE, "no longer than it takes");
    assert_eq!(proxy.relay.clicks().await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_requests_are_finished_and_no_more_are_accepted() {
    let mut proxy = Proxy::with_settings(&[LONG_GRACE]).await;
    proxy
        .control_plane
        .knows(&link("cold", 1, "https://example.com/"));
    // A visitor does not wait for more than a second.
    proxy.control_plane.takes(Duration::from_millis(400));
    let (forwarded, redirected, stopped) =
        tokio::join!(proxy.get("/api/slow"), proxy.get("/cold"), async {
            let asked = async || {
                let control_plane = &proxy.control_plane;
                control_plane.resolves() == 1 && control_plane.slow_requests() == 1
            };
            eventually("the requests are on their way", asked).await;
            proxy.begin_stop();
            let refused = async || tokio::net::TcpStream::connect(proxy.address).await.is_err();
            eventually("new connections are refused", refused).await;
            Instant::now()
        });
    assert_eq!(forwarded.text().await.unwrap(), "slow");
    assert_eq!(redirected.status(), 302);
    proxy.stop().await.unwrap();
    assert!(stopped.elapsed() < AT_ONCE);
    assert_eq!(
        proxy.relay.clicks().await,
        1,
        "a click during the stop counts"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_does_not_delay_the_stop() {
    let mut proxy = Proxy::with_settings(&[LONG_GRACE]).await;
    let idle = tokio::net::TcpStream::connect(proxy.address).await.unwrap();
    assert_eq!(proxy.status("/").await, 200);
    let started = Instant::now();
    proxy.stop().await.unwrap();
    assert!(started.elapsed() < AT_ONCE);
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_it_gives_up_before_the_grace_period_ends() {
    let mut redis = tokio::task::spawn_blocking(ThrowAway::redis)
        .await
        .unwrap()
        .unwrap();
    let mut proxy = Proxy::with_redis(&redis.url(), &redis.url()).await;
    proxy.is_ready().await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    assert_eq!(proxy.status("/abc").await, 302);
    eventually("its click was sent", async || {
        proxy.relay.clicks().await == 1
    })
    .await;
    let redis = tokio::task::spawn_blocking(move || redis.stop().map(|()| redis))
        .await
        .unwrap();

    assert_eq!(proxy.status("/abc").await, 302);
    let started = Instant::now();
    // When the grace period had ended before it gave up, this would be an error.
    proxy.stop().await.unwrap();
    let took = started.elapsed();
    let expected = Duration::from_secs(4)..PATIENCE;
    assert!(expected.contains(&took), "{took:?}");
    drop(redis);
}
