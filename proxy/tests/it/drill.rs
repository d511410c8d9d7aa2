//! The promise that redirects do not need us, kept for a minute: everything behind the proxy is
//! gone, and the proxy itself is stopped and killed meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use contract::Keys;
use local_servers::Signal;
use local_servers::testing::{ThrowAway, unique_prefix};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::control_plane::ControlPlane;
use crate::harness::{client, eventually, link, settings};
use crate::program::Program;
use crate::redis::Relay;
use crate::wire::answer;

/// How long everything is down.
const OUTAGE: Duration = Duration::from_secs(60);

/// Links in memory.
const LINKS: usize = 200;

/// Visitors who follow them, each without a pause.
const VISITORS: usize = 4;

/// What visitors saw.
#[derive(Default)]
struct Seen {
    redirects: AtomicUsize,
    failures: AtomicUsize,
    /// Nobody visits while the proxy is not there.
    is_away: AtomicBool,
    /// Visitors who wait until it is there again.
    waiting: AtomicUsize,
    is_over: AtomicBool,
}

/// Follows all links again and again, on one connection as long as that lasts.
async fn visit(proxy: SocketAddr, seen: Arc<Seen>) {
    let mut connection: Option<TcpStream> = None;
    for number in (0..LINKS).cycle() {
        if seen.is_over.load(Ordering::SeqCst) {
            return;
        }
        if seen.is_away.load(Ordering::SeqCst) {
            connection = None;
            seen.waiting.fetch_add(1, Ordering::SeqCst);
            while seen.is_away.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            seen.waiting.fetch_sub(1, Ordering::SeqCst);
        }
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => TcpStream::connect(proxy).await.unwrap(),
        };
        let request = format!("GET /code-{number} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = answer(&mut stream).await;
        let location = format!("location: https://example.com/{number}\r\n");
        match head.starts_with("HTTP/1.1 302") && head.contains(&location) {
            true => seen.redirects.fetch_add(1, Ordering::SeqCst),
            false => seen.failures.fetch_add(1, Ordering::SeqCst),
        };
        if !head.contains("connection: close") {
            connection = Some(stream);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cached_links_redirect_while_everything_is_down_for_a_minute() {
    let redis = tokio::task::spawn_blocking(ThrowAway::redis);
    let mut redis = redis.await.unwrap().unwrap();
    let control_plane = ControlPlane::start().await;
    let prefix = unique_prefix();
    let data_dir = tempfile::tempdir().unwrap();
    let settings = settings(&redis.url(), &prefix, control_plane.port, data_dir.path());
    let mut proxy = Program::new(settings);
    // Without a relay a proxy does not know where it stands.
    let relay = Relay::start(&redis.url(), Keys::new(prefix)).await;
    proxy.start().await;
    for number in 0..LINKS {
        let target = format!("https://example.com/{number}");
        let link = link(&format!("code-{number}"), 1 + number as u64, &target);
        control_plane.knows(&link);
        relay.publish(&link).await;
    }
    let seen = Arc::new(Seen::default());
    let visitors: Vec<_> = (0..VISITORS)
        .map(|_| tokio::spawn(visit(proxy.visitors, seen.clone())))
        .collect();
    let visited = async |count: usize| {
        let before = seen.redirects.load(Ordering::SeqCst);
        eventually("links are visited", async || {
            seen.redirects.load(Ordering::SeqCst) >= before + count
        })
        .await;
    };
    visited(VISITORS * LINKS).await;

    let began = Instant::now();
    control_plane.stop();
    redis.stop().unwrap();
    let until = async |share: f64| {
        tokio::time::sleep(OUTAGE.mul_f64(share).saturating_sub(began.elapsed())).await;
    };
    for (share, signal) in [(0.3, Signal::TERM), (0.6, Signal::KILL)] {
        until(share).await;
        seen.is_away.store(true, Ordering::SeqCst);
        eventually("who is being answered has the answer", async || {
            seen.waiting.load(Ordering::SeqCst) == VISITORS
        })
        .await;
        proxy.end(signal).await;
        proxy.start().await;
        seen.is_away.store(false, Ordering::SeqCst);
        visited(VISITORS * LINKS).await;
    }
    let client = client();
    let unknown = client.get(format!("http://{}/unknown", proxy.visitors));
    let unknown = unknown.send().await.unwrap();
    assert_eq!(unknown.status(), 503, "never 404: nobody could be asked");
    assert!(unknown.headers().contains_key("retry-after"));
    until(1.0).await;
    visited(VISITORS * LINKS).await;
    seen.is_over.store(true, Ordering::SeqCst);
    for visitor in visitors {
        visitor.await.unwrap();
    }
    assert_eq!(seen.failures.load(Ordering::SeqCst), 0);

    // And back: every click of it arrives, those of the proxy that was killed as well. A visitor
    // who was cut off may have been counted without having seen the answer.
    redis.restart().unwrap();
    let redirects = seen.redirects.load(Ordering::SeqCst);
    let expected = redirects..=redirects + 2 * VISITORS;
    eventually("all clicks are there", async || {
        expected.contains(&relay.clicks().await)
    })
    .await;
    let edit = link("code-0", 1 + LINKS as u64, "https://example.com/edited");
    relay.publish(&edit).await;
    eventually("the edit is there", async || {
        let answer = client.get(format!("http://{}/code-0", proxy.visitors));
        let answer = answer.send().await.unwrap();
        answer.headers()["location"] == "https://example.com/edited"
    })
    .await;
}
