//! What a link may have beyond a target, through the front door.

use std::sync::atomic::{AtomicUsize, Ordering};

use contract::rules::{Action, Refusal, Rule};
use contract::split::{Split, Variant};
use contract::{
    ClickCap, LinkOptions, LinkRecord, LinkState, RedirectStatus, SocialPreview, Timestamp,
    UnlockKey,
};
use reqwest::Method;

use crate::control_plane::SECRET;
use crate::harness::{NOW, Proxy, eventually, link, location};

const WHATSAPP: &str = "WhatsApp/2.24.8.85 A";

fn with(options: LinkOptions) -> LinkRecord {
    LinkRecord {
        options: Some(Box::new(options)),
        ..link("abc", 1, "https://example.com/target")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_has_a_beginning_and_may_lead_elsewhere_after_its_end() {
    let proxy = Proxy::start().await;
    let mut record = with(LinkOptions {
        starts_at: Some(Timestamp::from_micros(NOW + 1)),
        expired_url: Some("https://example.com/over".into()),
        ..LinkOptions::default()
    });
    record.expires_at = Some(Timestamp::from_micros(NOW + 2));
    proxy.knows(&record).await;
    assert_eq!(proxy.status("/abc").await, 404);
    proxy.clock.advance(1);
    assert_eq!(proxy.target("abc").await, "https://example.com/target");
    proxy.clock.advance(1);
    assert_eq!(proxy.target("abc").await, "https://example.com/over");
    eventually("one visit was a click", async || {
        proxy.relay.clicks().await == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_link_is_451_and_a_rule_may_refuse() {
    let proxy = Proxy::start().await;
    let mut blocked = link("bad", 1, "https://example.com/");
    blocked.state = LinkState::Blocked;
    proxy.knows(&blocked).await;
    let page = proxy.get("/bad").await;
    assert_eq!(page.status(), 451);
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    let policy = policy.to_owned();
    let html = page.text().await.unwrap();
    let (_, style) = html.split_once("<style>").unwrap();
    let (style, _) = style.split_once("</style>").unwrap();
    let source = service::style_source(style);
    assert_eq!(policy, format!("default-src 'none'; style-src {source}"));
    assert!(!html.contains("style="), "{html}");

    let by_query = serde_json::from_str(r#"{"query":{"name":"a","value":"present"}}"#).unwrap();
    proxy
        .knows(&with(LinkOptions {
            rules: vec![Rule {
                conditions: vec![by_query],
                action: Action::Refuse(Refusal::Gone),
            }],
            ..LinkOptions::default()
        }))
        .await;
    assert_eq!(proxy.status("/abc?a").await, 410);
    assert_eq!(proxy.status("/abc?b").await, 302);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_cache_and_indexing_are_the_links() {
    let proxy = Proxy::start().await;
    let mut record = with(LinkOptions {
        is_indexable: true,
        max_age: 60,
        passes_query: true,
        passes_path: true,
        ..LinkOptions::default()
    });
    record.status = RedirectStatus::Permanent;
    proxy.knows(&record).await;
    let response = proxy.get("/abc/more?x=1&via=qr").await;
    assert_eq!(response.status(), 308);
    assert_eq!(location(&response), "https://example.com/target/more?x=1");
    assert_eq!(response.headers()["cache-control"], "private, max-age=60");
    assert!(!response.headers().contains_key("x-robots-tag"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_keeps_the_target_their_cookie_names() {
    let proxy = Proxy::start().await;
    let variant = |url: &str, weight| Variant {
        url: url.into(),
        weight,
    };
    let record = with(LinkOptions {
        split: Some(Split {
            variants: vec![
                variant("https://a.example/", 1),
                variant("https://b.example/", 0),
            ],
            uses_cookie: true,
        }),
        ..LinkOptions::default()
    });
    let name = format!("lp_variant_{}", record.link_id.0.simple());
    proxy.knows(&record).await;
    let first = proxy.get("/abc").await;
    assert_eq!(location(&first), "https://a.example/");
    let cookie = first.headers()["set-cookie"].to_str().unwrap();
    assert_eq!(
        cookie,
        format!("{name}=1; Path=/abc; Max-Age=31536000; HttpOnly; SameSite=Lax")
    );
    let ask = async |header: &'static str, value: String| {
        let request = proxy.request(Method::GET, "/abc").header(header, value);
        request.send().await.unwrap()
    };
    let again = ask("cookie", format!("{name}=2")).await;
    assert_eq!(location(&again), "https://b.example/");
    assert!(!again.headers().contains_key("set-cookie"));
    let private = ask("sec-gpc", "1".into()).await;
    assert!(
        !private.headers().contains_key("set-cookie"),
        "asked not to be tracked"
    );
    eventually("variants are kept with clicks", async || {
        let blocks = proxy.relay.blocks().await;
        let clicks = blocks.iter().flat_map(|block| block.clicks().unwrap());
        // In no order: each thread has blocks of its own.
        let mut variants: Vec<u8> = clicks.map(|click| click.variant).collect();
        variants.sort_unstable();
        variants == [1, 1, 2]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_asked_for_by_the_control_plane_and_known_by_its_cookie() {
    let proxy = Proxy::start().await;
    let record = with(LinkOptions {
        password: Some(3),
        ..LinkOptions::default()
    });
    proxy.knows(&record).await;
    let form = proxy.get("/abc?x=1").await;
    assert_eq!(form.status(), 200);
    let form: serde_json::Value = form.json().await.unwrap();
    assert_eq!(
        form["uri"], "/abc?x=1",
        "the stand-in says what it was asked"
    );

    let end = Timestamp::from_micros(NOW + 1_000_000);
    let key = UnlockKey::new(SECRET);
    let name = UnlockKey::cookie_name(record.link_id);
    let cookie = format!("{name}={}", key.sign(record.link_id, 3, end));
    let ask = async |cookie: &str| {
        let request = proxy.request(Method::GET, "/abc").header("cookie", cookie);
        location(&request.send().await.unwrap())
    };
    assert_eq!(ask(&cookie).await, "https://example.com/target");
    let old_password = format!("{name}={}", key.sign(record.link_id, 2, end));
    assert_eq!(ask(&old_password).await, "");
    proxy.clock.advance(1_000_000);
    assert_eq!(ask(&cookie).await, "");
    eventually("one visit was a click", async || {
        proxy.relay.clicks().await == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn previews_are_no_clicks() {
    let proxy = Proxy::start().await;
    let preview = SocialPreview {
        title: Some("Spring <sale> \"24\"".into()),
        image_url: Some("https://example.com/a.png?b&c".into()),
        ..SocialPreview::default()
    };
    proxy
        .knows(&with(LinkOptions {
            social_preview: Some(preview),
            ..LinkOptions::default()
        }))
        .await;
    let page: serde_json::Value = proxy.get("/abc+").await.json().await.unwrap();
    assert_eq!(
        page["uri"], "/abc+",
        "the control plane shows where it leads"
    );

    let request = proxy
        .request(Method::GET, "/abc")
        .header("user-agent", WHATSAPP);
    let card = request.send().await.unwrap();
    assert_eq!(card.status(), 200);
    let card = card.text().await.unwrap();
    for tag in [
        "<meta property=\"og:title\" content=\"Spring &lt;sale&gt; &quot;24&quot;\">",
        "<meta property=\"og:image\" content=\"https://example.com/a.png?b&amp;c\">",
    ] {
        assert!(card.contains(tag), "{card}");
    }
    assert_eq!(proxy.target("abc").await, "https://example.com/target");
    eventually("the person is a click", async || {
        proxy.relay.clicks().await == 1
    })
    .await;
}

fn capped(limit: u64, redirects_uncounted: bool) -> LinkRecord {
    with(LinkOptions {
        click_cap: Some(ClickCap {
            limit,
            used_up_url: Some("https://example.com/sold-out".into()),
            redirects_uncounted,
            set_after: 0,
        }),
        ..LinkOptions::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_is_exact_over_all_proxies() {
    let one = Proxy::start().await;
    let other = one.another().await;
    for proxy in [&one, &other] {
        proxy.knows(&capped(25, false)).await;
        proxy.begins_caps_at(5);
        eventually("visits can be counted", async || {
            let look = proxy.request(Method::HEAD, "/abc").send().await.unwrap();
            look.status() == 302
        })
        .await;
    }
    // Looks at it are not visits.
    for _ in 0..5 {
        one.request(Method::HEAD, "/abc").send().await.unwrap();
        let chat = one
            .request(Method::GET, "/abc")
            .header("user-agent", WHATSAPP);
        assert_eq!(chat.send().await.unwrap().status(), 302);
    }
    let sent_on = AtomicUsize::new(0);
    let visit = async |proxy: &Proxy| match proxy.target("abc").await.as_str() {
        "https://example.com/target" => {
            sent_on.fetch_add(1, Ordering::SeqCst);
        }
        other => assert_eq!(other, "https://example.com/sold-out"),
    };
    let visits = (0..100).map(|number| visit([&one, &other][number % 2]));
    futures_util::future::join_all(visits).await;
    assert_eq!(sent_on.into_inner(), 20, "five were counted before");
    assert_eq!(one.target("abc").await, "https://example.com/sold-out");

    // Refused visits have not used up what a higher cap allows.
    one.relay
        .publish(&LinkRecord {
            revision: 2,
            ..capped(26, false)
        })
        .await;
    eventually("one more", async || {
        one.target("abc").await == "https://example.com/target"
    })
    .await;
    assert_eq!(one.target("abc").await, "https://example.com/sold-out");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_counted_is_refused_unless_the_owner_says_otherwise() {
    let proxy = Proxy::start().await;
    proxy.knows(&capped(5, false)).await;
    assert_eq!(proxy.status("/abc").await, 503, "nobody can say how often");
    let lenient = LinkRecord {
        revision: 2,
        ..capped(5, true)
    };
    proxy.relay.publish(&lenient).await;
    eventually("the edit is there", async || {
        proxy.status("/abc").await == 302
    })
    .await;
    proxy.begins_caps_at(5);
    eventually("visits are counted", async || {
        proxy.target("abc").await == "https://example.com/sold-out"
    })
    .await;
}
