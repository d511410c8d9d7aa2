//! Edits take effect, whatever happens to the messages about them.

use std::time::Instant;

use contract::LinkState;
use local_servers::testing::ThrowAway;

use crate::harness::{AT_ONCE, PATIENCE, Proxy, eventually, link};
use crate::redis::{LossyWire, Voice};

/// A proxy that has the link `abc` in memory, at revision 1.
async fn proxy_with_a_cached_link() -> Proxy {
    let proxy = Proxy::start().await;
    proxy
        .relay
        .publish(&link("abc", 1, "https://example.com/1"))
        .await;
    leads_to(&proxy, "https://example.com/1").await;
    proxy
}

async fn leads_to(proxy: &Proxy, target: &str) {
    let what = format!("abc leads to {target}");
    eventually(&what, async || proxy.target("abc").await == target).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_takes_effect_and_an_older_one_does_not() {
    let proxy = proxy_with_a_cached_link().await;
    proxy
        .relay
        .publish(&link("abc", 2, "https://example.com/2"))
        .await;
    leads_to(&proxy, "https://example.com/2").await;

    // A late and a repeated message, then one about something else: when that is in effect, the
    // others were seen.
    proxy
        .relay
        .announce(&link("abc", 1, "https://example.com/1"))
        .await;
    proxy
        .relay
        .announce(&link("abc", 2, "https://example.com/other"))
        .await;
    proxy
        .relay
        .publish(&link("later", 3, "https://example.com/later"))
        .await;
    eventually("the change after it is in effect", async || {
        proxy.target("later").await == "https://example.com/later"
    })
    .await;
    assert_eq!(proxy.target("abc").await, "https://example.com/2");
    assert!(
        !proxy.control_plane.was_asked_for("abc"),
        "the cache was fed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_link_is_gone() {
    let proxy = proxy_with_a_cached_link().await;
    let mut deleted = link("abc", 2, "https://example.com/1");
    deleted.state = LinkState::Deleted;
    proxy.relay.publish(&deleted).await;
    eventually("abc is gone", async || proxy.status("/abc").await == 410).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_made_after_it_was_asked_for_is_found() {
    let proxy = Proxy::start().await;
    assert_eq!(proxy.status("/abc").await, 404);
    proxy
        .relay
        .publish(&link("abc", 1, "https://example.com/1"))
        .await;
    leads_to(&proxy, "https://example.com/1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_message_is_noticed_by_the_next_heartbeat() {
    let proxy = proxy_with_a_cached_link().await;
    let edit = link("abc", 2, "https://example.com/2");
    proxy.relay.log(&edit).await;
    assert_eq!(
        proxy.target("abc").await,
        "https://example.com/1",
        "nobody told"
    );
    proxy.relay.set_head(2);
    leads_to(&proxy, "https://example.com/2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_message_is_noticed_by_the_next_change() {
    let proxy = proxy_with_a_cached_link().await;
    proxy
        .relay
        .log(&link("abc", 2, "https://example.com/2"))
        .await;
    proxy
        .relay
        .publish(&link("other", 3, "https://example.com/"))
        .await;
    leads_to(&proxy, "https://example.com/2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_log_does_not_reach_back_everything_is_asked_anew() {
    let proxy = proxy_with_a_cached_link().await;
    let edit = link("abc", 5, "https://example.com/5");
    proxy.relay.store(&edit).await;
    proxy.relay.log(&edit).await;
    proxy.relay.trim_log().await;
    proxy.relay.set_head(5);
    leads_to(&proxy, "https://example.com/5").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_database_voids_everything_even_newer_revisions() {
    let proxy = proxy_with_a_cached_link().await;
    // The epoch must have been learnt. Messages arrive in order, so a later change tells.
    let before = proxy.relay.beats();
    eventually("a heartbeat was sent", async || {
        proxy.relay.beats() > before + 1
    })
    .await;
    proxy
        .relay
        .publish(&link("abc", 2, "https://example.com/2"))
        .await;
    leads_to(&proxy, "https://example.com/2").await;

    // Restored from a copy: the numbers begin before those that the proxy knows.
    let restored = link("abc", 1, "https://example.com/restored");
    proxy.relay.speak(Voice::Silent).await;
    proxy.relay.set_epoch(2);
    proxy.relay.set_head(1);
    proxy.relay.trim_log().await;
    proxy.relay.store(&restored).await;
    proxy.relay.speak(Voice::Vouching).await;
    leads_to(&proxy, "https://example.com/restored").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_dies_silently_is_noticed_and_replaced() {
    let redis = tokio::task::spawn_blocking(ThrowAway::redis)
        .await
        .unwrap()
        .unwrap();
    let wire = LossyWire::to(redis.port()).await;
    let proxy = Proxy::with_redis(&wire.url(&redis), &redis.url()).await;
    proxy.is_ready().await;
    proxy
        .relay
        .publish(&link("abc", 1, "https://example.com/1"))
        .await;
    leads_to(&proxy, "https://example.com/1").await;

    wire.mute_subscription();
    let muted_at = Instant::now();
    proxy
        .relay
        .publish(&link("abc", 2, "https://example.com/2"))
        .await;
    leads_to(&proxy, "https://example.com/2").await;
    let took = muted_at.elapsed();
    assert!(took < AT_ONCE, "{took:?}");
    eventually("there is a new subscription", async || {
        wire.subscriptions() == 2
    })
    .await;
    proxy
        .relay
        .announce(&link("abc", 3, "https://example.com/3"))
        .await;
    leads_to(&proxy, "https://example.com/3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_in_any_order_and_number_never_bring_an_older_state_back() {
    let proxy = proxy_with_a_cached_link().await;
    let edit = |revision| link("abc", revision, &format!("https://example.com/{revision}"));
    for first in (2..60).step_by(6) {
        let edits: Vec<_> = (first..first + 6).map(edit).collect();
        for edit in &edits {
            proxy.relay.store(edit).await;
            proxy.relay.log(edit).await;
        }
        for index in [3, 0, 3, 5, 1, 0, 4, 2, 5] {
            proxy.relay.announce(&edits[index]).await;
        }
        proxy.relay.set_head(first + 5);
    }
    let mut newest = 1;
    let revision = async || {
        let target = proxy.target("abc").await;
        target.rsplit('/').next().unwrap().parse::<u64>().unwrap()
    };
    let begin = Instant::now();
    while newest < 61 {
        assert!(begin.elapsed() < PATIENCE, "stays at {newest}");
        let seen = revision().await;
        assert!(seen >= newest, "{seen} after {newest}");
        newest = seen;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_channel_cut_edits_arrive_through_the_log() {
    let proxy = proxy_with_a_cached_link().await;
    proxy.relay.speak(Voice::Whispering).await;
    for revision in 2..5 {
        let edit = link("abc", revision, &format!("https://example.com/{revision}"));
        proxy.relay.store(&edit).await;
        proxy.relay.log(&edit).await;
        proxy.relay.set_head(revision);
        let begin = Instant::now();
        leads_to(&proxy, &edit.original_url).await;
        let took = begin.elapsed();
        assert!(took < AT_ONCE, "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_is_filled_again_old_changes_are_not_news() {
    let proxy = proxy_with_a_cached_link().await;
    proxy
        .relay
        .publish(&link("abc", 2, "https://example.com/2"))
        .await;
    leads_to(&proxy, "https://example.com/2").await;
    // A proxy that has forgotten the link, as a full cache does.
    let fresh = proxy.another().await;
    fresh
        .control_plane
        .knows(&link("abc", 2, "https://example.com/2"));

    proxy
        .relay
        .announce(&link("abc", 1, "https://example.com/1"))
        .await;
    proxy
        .relay
        .publish(&link("later", 3, "https://example.com/later"))
        .await;
    eventually("the change after it is in effect", async || {
        fresh.target("later").await == "https://example.com/later"
    })
    .await;
    assert_eq!(fresh.target("abc").await, "https://example.com/2");
}
