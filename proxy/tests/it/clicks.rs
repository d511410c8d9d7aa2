//! Each redirect is a click in the stream.

use std::time::{Duration, Instant};

use contract::{LinkId, LinkState, Method as ClickMethod, Timestamp};
use local_servers::testing::ThrowAway;
use reqwest::Method;
use uuid::Uuid;

use crate::harness::{NOW, Proxy, eventually, link};
use crate::redis::LossyWire;

#[tokio::test(flavor = "multi_thread")]
async fn a_click_carries_the_facts_and_no_address() {
    let proxy = Proxy::start().await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    let request = proxy
        .request(Method::GET, "/abc?via=qr&utm_source=x")
        .header("host", "localhost")
        .header("user-agent", "Mozilla/5.0 (test)")
        .header("referer", "https://news.example/story")
        .header("accept-language", "de-AT,de;q=0.9")
        .header("x-forwarded-for", "203.0.113.7");
    let response = request.send().await.unwrap();
    let request_id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();

    eventually("the click is in the stream", async || {
        proxy.relay.clicks().await == 1
    })
    .await;
    let blocks = proxy.relay.blocks().await;
    let clicks = blocks[0].clicks().unwrap();
    let click = &clicks[0];
    assert_eq!(click.clicked_at, Timestamp::from_micros(NOW));
    assert_eq!(click.request_id.to_string(), request_id);
    assert_eq!(click.link_id, Some(LinkId(Uuid::from_u128(7))));
    assert_eq!(
        (click.domain, click.code, click.status),
        ("localhost", "abc", 302)
    );
    assert_eq!(click.method, ClickMethod::Get);
    assert_eq!(click.user_agent, "Mozilla/5.0 (test)");
    assert_eq!(click.referrer, "https://news.example/story");
    assert_eq!(click.language, "de-AT,de;q=0.9");
    assert_eq!(click.query, "via=qr&utm_source=x");
    assert!(click.is_qr && !click.is_prefetch && !click.is_do_not_track);
    assert_eq!(
        (click.country, click.city),
        (None, ""),
        "there is no database"
    );
    for address in ["127.0.0.1", "203.0.113.7"] {
        let mut windows = blocks[0].payload.windows(address.len());
        assert!(
            windows.all(|window| window != address.as_bytes()),
            "{address} was kept"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_redirect_counts_once_and_nothing_else_does() {
    let proxy = Proxy::start().await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    let mut disabled = link("off", 2, "https://example.com/");
    disabled.state = LinkState::Disabled;
    proxy.knows(&disabled).await;
    // Other tests count there too.
    let counted = async || {
        let mut counts = Vec::new();
        for line in [
            "linkpulse_clicks_recorded_total",
            "linkpulse_domain_redirects_total{domain=\"localhost\"}",
            "linkpulse_redirects_total{outcome=\"redirected\"}",
        ] {
            let count = proxy.metric(line).await;
            // A domain is there from its first redirect on.
            counts.push(if count.is_nan() { 0.0 } else { count });
        }
        counts
    };
    let before = counted().await;

    let visits = (0..700).map(|_| proxy.status("/abc"));
    let statuses = futures_util::future::join_all(visits).await;
    assert!(statuses.iter().all(|status| *status == 302));
    for _ in 0..3 {
        proxy.request(Method::HEAD, "/abc").send().await.unwrap();
    }
    for path in [
        "/off",
        "/nothing",
        "/nothing/more",
        "/.env",
        "/api/v1/links",
    ] {
        proxy.get(path).await;
    }

    eventually("all are in the stream", async || {
        proxy.relay.clicks().await == 704
    })
    .await;
    let blocks = proxy.relay.blocks().await;
    let clicks: Vec<_> = blocks
        .iter()
        .flat_map(|block| block.clicks().unwrap())
        .collect();
    let heads = clicks
        .iter()
        .filter(|click| click.method == ClickMethod::Head);
    assert_eq!(heads.count(), 3);
    // Somebody may have printed a code that does not exist: that is worth knowing.
    let orphans: Vec<_> = clicks
        .iter()
        .filter(|click| click.link_id.is_none())
        .map(|click| (click.domain, click.code, click.status))
        .collect();
    assert_eq!(orphans, [("localhost", "nothing", 404)]);
    for (before, after) in before.iter().zip(counted().await) {
        assert!(after >= before + 703.0, "{before}, {after}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_whose_confirmation_was_lost_is_sent_again_under_its_id() {
    let redis = tokio::task::spawn_blocking(ThrowAway::redis)
        .await
        .unwrap()
        .unwrap();
    let wire = LossyWire::to(redis.port()).await;
    let through_wire = wire.url(&redis);
    let proxy = Proxy::with_redis(&through_wire, &redis.url()).await;
    proxy.is_ready().await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;

    let resent = async || proxy.metric("linkpulse_blocks_resent_total").await;
    let before = resent().await;
    wire.lose_next_reply();
    assert_eq!(proxy.status("/abc").await, 302);
    eventually("the reply was lost", async || wire.has_lost()).await;
    eventually("the block is there twice", async || {
        proxy.relay.blocks().await.len() == 2
    })
    .await;
    let blocks = proxy.relay.blocks().await;
    assert_eq!(blocks[0], blocks[1]);
    assert_eq!(proxy.relay.clicks().await, 1);
    assert!(resent().await > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_stays_in_the_spool_until_it_is_committed() {
    let mut proxy = Proxy::start().await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    assert_eq!(proxy.status("/abc").await, 302);
    let (clicks, _) = proxy.spool();
    assert_eq!(clicks, 1, "it is there before the answer is");
    eventually("redis has it", async || proxy.relay.clicks().await == 1).await;
    assert_eq!(proxy.spool(), (1, 1));

    let blocks = proxy.relay.blocks().await;
    proxy.relay.commit(&blocks).await;
    eventually("nothing waits any more", async || proxy.spool() == (1, 0)).await;
    proxy.stop().await.unwrap();
    assert_eq!(proxy.spool(), (0, 0), "and the file is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_redis_has_lost_is_sent_again_until_it_is_committed() {
    let proxy = Proxy::start().await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    assert_eq!(proxy.status("/abc").await, 302);
    eventually("redis has it", async || proxy.relay.clicks().await == 1).await;
    let sent = proxy.relay.blocks().await;
    let missed = async || proxy.metric("linkpulse_blocks_missed_total").await;
    let before = missed().await;
    proxy.relay.lose_clicks().await;
    eventually("it is there again", async || {
        proxy.relay.blocks().await == sent
    })
    .await;
    assert!(missed().await > before);
    proxy.relay.commit(&sent).await;
    eventually("nothing waits any more", async || proxy.spool() == (1, 0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_another_connection_redis_is_asked_for_everything_it_had_confirmed() {
    let redis = tokio::task::spawn_blocking(ThrowAway::redis);
    let mut redis = redis.await.unwrap().unwrap();
    let proxy = Proxy::with_redis(&redis.url(), &redis.url()).await;
    proxy.is_ready().await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    let begin = Instant::now();
    for visits in 1..=3 {
        assert_eq!(proxy.status("/abc").await, 302);
        eventually("redis has it", async || {
            proxy.relay.clicks().await == visits
        })
        .await;
    }
    // They were looked for 5 s after they were sent, then 10 s later, and next 20 s after that.
    tokio::time::sleep(Duration::from_secs(16)).await;
    // As a Redis that had not written to its disk.
    proxy.relay.lose_clicks().await;
    redis = tokio::task::spawn_blocking(move || {
        redis.stop().unwrap();
        redis.restart().unwrap();
        redis
    })
    .await
    .unwrap();
    eventually("all are there again", async || {
        proxy.relay.clicks().await == 3
    })
    .await;
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(35), "{took:?}");
    drop(redis);
}

#[tokio::test(flavor = "multi_thread")]
async fn clicks_that_redis_never_got_come_with_the_next_start() {
    let redis = tokio::task::spawn_blocking(ThrowAway::redis);
    let mut redis = redis.await.unwrap().unwrap();
    let proxy = Proxy::with_redis(&redis.url(), &redis.url()).await;
    proxy.is_ready().await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    assert_eq!(proxy.status("/abc").await, 302);
    redis = tokio::task::spawn_blocking(move || redis.stop().map(|()| redis).unwrap())
        .await
        .unwrap();
    for _ in 0..50 {
        assert_eq!(proxy.status("/abc").await, 302);
    }
    let url = redis.url();
    let proxy = proxy.restarted(&url, &url).await;
    assert_eq!(proxy.status("/abc").await, 302);
    let redis = tokio::task::spawn_blocking(move || redis.restart().map(|()| redis).unwrap());
    let redis = redis.await.unwrap();
    eventually("all are there", async || proxy.relay.clicks().await == 52).await;
    drop(redis);
}
