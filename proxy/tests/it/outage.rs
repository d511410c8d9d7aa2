//! Redirects go on without Redis and without the control plane.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use local_servers::RedisServer;
use local_servers::testing::ThrowAway;

use crate::harness::{AT_ONCE, Proxy, eventually, link};
use crate::redis::{self, freeze, thaw};

type Redis = ThrowAway<RedisServer>;

async fn redis() -> Redis {
    tokio::task::spawn_blocking(ThrowAway::redis)
        .await
        .unwrap()
        .unwrap()
}

async fn stopped(mut redis: Redis) -> Redis {
    let stop = move || redis.stop().map(|()| redis);
    tokio::task::spawn_blocking(stop).await.unwrap().unwrap()
}

async fn restarted(mut redis: Redis) -> Redis {
    let restart = move || redis.restart().map(|()| redis);
    tokio::task::spawn_blocking(restart).await.unwrap().unwrap()
}

/// Has this status each time, and is quick at least once: a busy machine may be slow for a while.
async fn is_answered_within(limit: Duration, proxy: &Proxy, path: &str, expected: u16) {
    let mut fastest = Duration::MAX;
    for _ in 0..10 {
        let begin = Instant::now();
        assert_eq!(proxy.status(path).await, expected, "{path}");
        fastest = fastest.min(begin.elapsed());
        if fastest < limit {
            return;
        }
    }
    panic!("{path} took {fastest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cached_links_redirect_when_everything_is_down_and_clicks_arrive_later() {
    let redis = redis().await;
    let proxy = Proxy::with_redis(&redis.url(), &redis.url()).await;
    proxy.is_ready().await;
    proxy
        .relay
        .publish(&link("abc", 1, "https://example.com/1"))
        .await;
    eventually("abc is cached", async || {
        proxy.target("abc").await == "https://example.com/1"
    })
    .await;
    eventually("its clicks were sent", async || {
        proxy.relay.clicks().await > 0
    })
    .await;

    let redis = stopped(redis).await;
    proxy.control_plane.fails_with(503);
    for _ in 0..500 {
        assert_eq!(proxy.status("/abc").await, 302);
    }
    is_answered_within(Duration::from_secs(2), &proxy, "/cold", 503).await;

    // It comes back empty, so it gets everything: also what it had confirmed before.
    let redis = restarted(redis).await;
    let (clicks, _) = proxy.spool();
    assert!(clicks > 500);
    eventually("all clicks arrive", async || {
        proxy.relay.clicks().await as u64 == clicks
    })
    .await;

    // And the feed was joined again.
    proxy
        .relay
        .publish(&link("abc", 2, "https://example.com/2"))
        .await;
    eventually("edits take effect again", async || {
        proxy.target("abc").await == "https://example.com/2"
    })
    .await;
    drop((proxy, redis));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_without_redis_and_joins_when_it_comes() {
    let redis = stopped(redis().await).await;
    let proxy = Proxy::with_redis(&redis.url(), &redis.url()).await;
    proxy
        .control_plane
        .knows(&link("abc", 1, "https://example.com/1"));
    assert_eq!(proxy.status("/abc").await, 302, "the control plane knows");
    assert_eq!(proxy.readyz().await, 503);

    let redis = restarted(redis).await;
    proxy.is_ready().await;
    eventually("the first click arrives", async || {
        proxy.relay.clicks().await == 1
    })
    .await;
    drop((proxy, redis));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_redis_costs_a_miss_little_and_a_hit_nothing() {
    let redis = redis().await;
    let proxy = Proxy::with_redis(&redis.url(), &redis.url()).await;
    proxy.is_ready().await;
    proxy
        .control_plane
        .knows(&link("hot", 1, "https://example.com/"));
    proxy
        .control_plane
        .knows(&link("cold", 2, "https://example.com/"));
    assert_eq!(proxy.status("/hot").await, 302);

    freeze(redis.pid());
    let begin = Instant::now();
    assert_eq!(proxy.status("/cold").await, 302);
    let took = begin.elapsed();
    assert!(took < AT_ONCE, "{took:?}");
    // Whoever waits for Redis waits for 0.4 s.
    is_answered_within(Duration::from_millis(300), &proxy, "/hot", 302).await;
    proxy.control_plane.takes(Duration::from_secs(600));
    is_answered_within(Duration::from_secs(2), &proxy, "/unknown", 503).await;

    // A frozen Redis may have taken blocks before it froze: they are counted once.
    thaw(redis.pid());
    let (clicks, _) = proxy.spool();
    assert!(clicks >= 3, "{clicks}");
    eventually("the clicks arrive", async || {
        proxy.relay.clicks().await as u64 == clicks
    })
    .await;
    proxy
        .relay
        .publish(&link("hot", 3, "https://example.com/3"))
        .await;
    eventually("edits take effect", async || {
        proxy.target("hot").await == "https://example.com/3"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_keeps_numbers_of_links_and_redirects_go_on() {
    let redis = redis().await;
    let proxy = Proxy::with_small_spool(&redis.url()).await;
    proxy.is_ready().await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    assert_eq!(proxy.status("/abc").await, 302);
    // Other tests count there too.
    let metric = async || proxy.metric("linkpulse_clicks_tallied_total").await;
    let before = metric().await;

    let redis = stopped(redis).await;
    // Eight files of a MiB, and clicks of 1.8 KB: room for some 4,500 of them.
    let path = format!("/abc?{}", "q".repeat(500));
    for _ in 0..200 {
        let visits = (0..30).map(|_| {
            let request = proxy.request(reqwest::Method::GET, &path);
            let request = request.header("user-agent", "u".repeat(512));
            let request = request.header("referer", "r".repeat(512));
            async { request.send().await.unwrap().status() }
        });
        let statuses = futures_util::future::join_all(visits).await;
        assert!(statuses.iter().all(|status| *status == 302));
    }
    let counted = metric().await - before;

    let redis = restarted(redis).await;
    // The one before the outage as well: its Redis is gone. What is said to be committed before the
    // proxy listens again is not heard.
    let arrived = Mutex::new(Vec::new());
    eventually("clicks arrive, and numbers of the rest", async || {
        let blocks = proxy.relay.blocks().await;
        proxy.relay.commit(&blocks).await;
        let mut arrived = arrived.lock().unwrap();
        arrived.extend(blocks);
        redis::kept(&arrived) + redis::tallied(&arrived) == 6_001
    })
    .await;
    let tallied = redis::tallied(&arrived.into_inner().unwrap());
    assert!((500..4_000).contains(&tallied), "{tallied}");
    assert!(counted >= tallied as f64, "{counted}");
    drop((proxy, redis));
}
