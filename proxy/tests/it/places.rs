//! Where visitors are, and whether it is the same one: for rules, splits and clicks.

use std::collections::HashSet;

use contract::rules::{Action, Rule};
use contract::split::{Split, Variant};
use contract::{Block, LinkOptions, LinkRecord};
use reqwest::Method;

use crate::harness::{Proxy, eventually, link, location};

/// MaxMind's own test file.
const DATABASE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/data/GeoLite2-City-Test.mmdb"
);

/// In that file: London and Linköping.
const LONDON: &str = "81.2.69.142";
const LINKOPING: &str = "89.160.20.112";

const A_DAY: i64 = 24 * 60 * 60 * 1_000_000;

async fn start() -> Proxy {
    Proxy::with_settings(&[
        ("LINKPULSE_GEO_DATABASE", DATABASE),
        ("LINKPULSE_TRUSTED_PROXIES", "127.0.0.0/8"),
        // A clock that leaps says that nothing was heard for so long.
        ("LINKPULSE_MAX_STALE", "10days"),
    ])
    .await
}

fn with(options: LinkOptions) -> LinkRecord {
    LinkRecord {
        options: Some(Box::new(options)),
        ..link("abc", 1, "https://example.com/")
    }
}

/// Where the link leads a visitor from this address.
async fn visit(proxy: &Proxy, address: &str, fields: &[(&'static str, &str)]) -> String {
    let mut request = proxy.request(Method::GET, "/abc");
    request = request.header("x-forwarded-for", address);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    location(&request.send().await.unwrap())
}

/// All clicks so far, once there are `count`.
async fn blocks(proxy: &Proxy, count: usize) -> Vec<Block> {
    eventually("the clicks are in the stream", async || {
        proxy.relay.clicks().await == count
    })
    .await;
    proxy.relay.blocks().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_may_ask_where_a_visitor_is() {
    let proxy = start().await;
    let british = serde_json::from_str(r#"{"country":["GB"]}"#).unwrap();
    let record = with(LinkOptions {
        rules: vec![Rule {
            conditions: vec![british],
            action: Action::Url("https://example.com/tea".into()),
        }],
        ..LinkOptions::default()
    });
    proxy.knows(&record).await;
    assert_eq!(visit(&proxy, LONDON, &[]).await, "https://example.com/tea");
    assert_eq!(visit(&proxy, LINKOPING, &[]).await, "https://example.com/");
    let private = [("dnt", "1")];
    assert_eq!(
        visit(&proxy, LONDON, &private).await,
        "https://example.com/tea"
    );

    let blocks = blocks(&proxy, 3).await;
    let clicks = blocks.iter().flat_map(|block| block.clicks().unwrap());
    let places = clicks.map(|click| {
        let is_hashed = click.visitor.is_some();
        (click.city, click.country, click.rule, is_hashed)
    });
    let mut places: Vec<_> = places.collect();
    // Each thread has blocks of its own.
    places.sort_unstable();
    let (gb, se) = (Some(*b"GB"), Some(*b"SE"));
    let expected = [
        ("", gb, 1, false),
        ("Linköping", se, 0, true),
        ("London", gb, 1, true),
    ];
    assert_eq!(places, expected);
    for address in [LONDON, LINKOPING, "127.0.0.1"] {
        for block in &blocks {
            let mut windows = block.payload.windows(address.len());
            assert!(
                windows.all(|window| window != address.as_bytes()),
                "{address} was kept"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_is_the_same_at_every_proxy_for_a_day() {
    let (one, other) = (start().await, start().await);
    for proxy in [&one, &other] {
        proxy.knows(&link("abc", 1, "https://example.com/")).await;
    }
    visit(&one, LONDON, &[("user-agent", "a")]).await;
    visit(&one, LONDON, &[("user-agent", "b")]).await;
    visit(&one, LINKOPING, &[("user-agent", "a")]).await;
    visit(&other, LONDON, &[("user-agent", "a")]).await;
    other.clock.advance(A_DAY);
    visit(&other, LONDON, &[("user-agent", "a")]).await;
    other.clock.advance(A_DAY);
    visit(&other, LONDON, &[("user-agent", "a")]).await;

    let visitors = async |proxy, count| -> Vec<Option<[u8; 16]>> {
        let blocks = blocks(proxy, count).await;
        let clicks = blocks.iter().flat_map(|block| block.clicks().unwrap());
        let mut clicks: Vec<_> = clicks.collect();
        // Each thread has blocks of its own.
        clicks.sort_by_key(|click| click.clicked_at);
        clicks.into_iter().map(|click| click.visitor).collect()
    };
    let first = visitors(&one, 3).await;
    assert!(first.iter().all(Option::is_some));
    assert_eq!(first.iter().collect::<HashSet<_>>().len(), 3);
    let second = visitors(&other, 3).await;
    assert_eq!(second[0], first[0], "the same visitor");
    assert!(
        second[1].is_some() && second[1] != second[0],
        "not the next day"
    );
    assert_eq!(
        second[2], None,
        "there is no key for that day: it counts without"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_shows_a_visitor_the_same_target_at_every_proxy_and_every_day() {
    let (one, other) = (start().await, start().await);
    let variant = |url: &str| Variant {
        url: url.into(),
        weight: 1,
    };
    let record = with(LinkOptions {
        split: Some(Split {
            variants: vec![variant("https://a.example/"), variant("https://b.example/")],
            uses_cookie: false,
        }),
        ..LinkOptions::default()
    });
    one.knows(&record).await;
    other.knows(&record).await;
    other.clock.advance(A_DAY);
    let mut seen = HashSet::new();
    for number in 0..40 {
        let address = format!("198.51.100.{number}");
        let target = visit(&one, &address, &[]).await;
        assert_eq!(visit(&other, &address, &[]).await, target);
        seen.insert(target);
    }
    assert_eq!(seen.len(), 2, "different visitors see different targets");
}
