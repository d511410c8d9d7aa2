//! What a proxy does that does not know whether it is up to date.

use std::time::{Duration, Instant};

use contract::{LinkOptions, LinkRecord, LinkState};
use local_servers::testing::ThrowAway;
use local_servers::{RedisServer, Signal};

use crate::control_plane::ControlPlane;
use crate::harness::{AT_ONCE, Proxy, client, eventually, link, settings};
use crate::program::Program;
use crate::redis::{Relay, Voice};

const SECOND: i64 = 1_000_000;

fn strict(revision: u64) -> LinkRecord {
    LinkRecord {
        options: Some(Box::new(LinkOptions {
            is_strict: true,
            ..LinkOptions::default()
        })),
        ..link("strict", revision, "https://example.com/strict")
    }
}

async fn redis() -> ThrowAway<RedisServer> {
    let redis = tokio::task::spawn_blocking(ThrowAway::redis);
    redis.await.unwrap().unwrap()
}

/// A proxy with a strict and an ordinary link in memory.
async fn proxy_with_both(redis: &ThrowAway<RedisServer>) -> Proxy {
    let proxy = Proxy::with_redis(&redis.url(), &redis.url()).await;
    proxy.is_ready().await;
    proxy.relay.publish(&strict(1)).await;
    proxy
        .relay
        .publish(&link("plain", 2, "https://example.com/plain"))
        .await;
    statuses(&proxy, 302, 302).await;
    proxy
}

async fn statuses(proxy: &Proxy, strict: u16, plain: u16) {
    let what = format!("strict {strict}, plain {plain}");
    eventually(&what, async || {
        proxy.status("/strict").await == strict && proxy.status("/plain").await == plain
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_it_refuses_strict_links_after_10_s_and_others_after_a_day() {
    let redis = redis().await;
    let proxy = proxy_with_both(&redis).await;
    proxy.relay.speak(Voice::Silent).await;
    // The look that was under way may still confirm.
    eventually("nothing is confirmed any more", async || {
        proxy.clock.advance(SECOND);
        proxy.status("/strict").await == 503
    })
    .await;
    assert_eq!(proxy.status("/plain").await, 302);
    proxy.clock.advance(23 * 3_600 * SECOND);
    assert_eq!(proxy.status("/plain").await, 302);
    proxy.clock.advance(2 * 3_600 * SECOND);
    let refused = proxy.get("/plain").await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));

    proxy.relay.speak(Voice::Vouching).await;
    statuses(&proxy, 302, 302).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_the_control_plane_keeps_it_up_to_date() {
    let mut redis = redis().await;
    let proxy = proxy_with_both(&redis).await;
    let mut log = vec![strict(1), link("plain", 2, "https://example.com/plain")];
    proxy.control_plane.has_log(1, &log);
    let stop = move || redis.stop().map(|()| redis);
    let mut redis = tokio::task::spawn_blocking(stop).await.unwrap().unwrap();

    for revision in 3..6 {
        let target = format!("https://example.com/{revision}");
        log.push(link("plain", revision, &target));
        proxy.control_plane.has_log(1, &log);
        let begin = Instant::now();
        eventually(&target, async || proxy.target("plain").await == target).await;
        let took = begin.elapsed();
        assert!(took < AT_ONCE, "{took:?}");
    }
    // It knows that nothing is missing, so that strict links are answered as well.
    proxy.clock.advance(11 * SECOND);
    statuses(&proxy, 302, 302).await;

    // Redis comes back empty, and with it the relay, which has everything to publish again.
    proxy.relay.set_head(5);
    let restart = move || redis.restart().map(|()| redis);
    let _redis = tokio::task::spawn_blocking(restart).await.unwrap().unwrap();
    proxy
        .relay
        .publish(&link("plain", 6, "https://example.com/6"))
        .await;
    eventually("the live feed is back", async || {
        proxy.target("plain").await == "https://example.com/6"
    })
    .await;
    eventually("the control plane is left in peace", async || {
        let before = proxy.control_plane.polls();
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        proxy.control_plane.polls() == before
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_without_redis_and_follows_the_control_plane() {
    let proxy =
        Proxy::with_redis("redis://:none@127.0.0.1:1/0", "redis://:none@127.0.0.1:1/0").await;
    assert_eq!(proxy.readyz().await, 503);
    let first = link("plain", 1, "https://example.com/1");
    proxy.control_plane.knows(&first);
    proxy.control_plane.has_log(1, std::slice::from_ref(&first));
    proxy.is_ready().await;
    assert_eq!(proxy.target("plain").await, "https://example.com/1");
    let second = link("plain", 2, "https://example.com/2");
    proxy.control_plane.has_log(1, &[first, second]);
    eventually("the edit is there", async || {
        proxy.target("plain").await == "https://example.com/2"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_was_frozen_notices_by_itself() {
    let redis = redis().await;
    let control_plane = ControlPlane::start().await;
    let prefix = local_servers::testing::unique_prefix();
    let data_dir = tempfile::tempdir().unwrap();
    let settings = settings(&redis.url(), &prefix, control_plane.port, data_dir.path());
    let relay = Relay::start(&redis.url(), contract::Keys::new(prefix)).await;
    let mut proxy = Program::new(settings);
    proxy.start().await;
    relay.publish(&strict(1)).await;
    let client = client();
    let url = format!("http://{}/strict", proxy.visitors);
    let status = async || client.get(&url).send().await.unwrap().status().as_u16();
    eventually("the link redirects", async || status().await == 302).await;

    proxy.signal(Signal::STOP);
    // What is on its way to it is from before the deletion, of which it can learn nothing.
    let before = relay.beats();
    eventually("heartbeats pile up", async || relay.beats() > before + 3).await;
    relay.speak(Voice::Silent).await;
    let deleted = LinkRecord {
        state: LinkState::Deleted,
        ..strict(2)
    };
    relay.store(&deleted).await;
    relay.log(&deleted).await;
    relay.set_head(2);
    tokio::time::sleep(Duration::from_secs(30)).await;
    proxy.signal(Signal::CONT);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(2) {
        assert_eq!(status().await, 503, "it must have noticed by itself");
    }
    relay.speak(Voice::Vouching).await;
    eventually("it knows", async || match status().await {
        410 => true,
        503 => false,
        other => panic!("answered {other} from before the freeze"),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_reports_how_far_it_has_got_and_says_goodbye() {
    let mut proxy = Proxy::start().await;
    let report = async || proxy.control_plane.reports().first().cloned();
    eventually("it reports", async || report().await.is_some()).await;
    let first = report().await.unwrap();
    assert!(first.name.ends_with(&format!(":{}", proxy.address.port())));
    assert_eq!(first.max_stale_seconds, 86_400);
    proxy
        .relay
        .publish(&link("abc", 1, "https://example.com/1"))
        .await;
    eventually("it has applied the change", async || {
        let report = report().await.unwrap();
        assert_eq!(report.id, first.id);
        (report.epoch, report.applied) == (Some(uuid::Uuid::from_u128(1)), 1)
    })
    .await;
    proxy.stop().await.unwrap();
    assert_eq!(proxy.control_plane.reports(), []);
}
