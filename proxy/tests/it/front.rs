//! Connections: how long they last, how many there may be, and when they change hands.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{AT_ONCE, LONG_GRACE, Proxy, eventually, link};
use crate::wire::{GET, answer, is_closed, is_cut_off_when_slow, proxy_with_a_link};

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_head_is_cut_off_and_a_piecewise_one_is_served() {
    let proxy = proxy_with_a_link().await;
    let mut pieces = TcpStream::connect(proxy.address).await.unwrap();
    for piece in GET.as_bytes().chunks(7) {
        pieces.write_all(piece).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(answer(&mut pieces).await.starts_with("HTTP/1.1 302"));

    let mut slow = TcpStream::connect(proxy.address).await.unwrap();
    is_cut_off_when_slow(&mut slow).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_cannot_take_all_connections() {
    let proxy = Proxy::with_settings(&[
        ("LINKPULSE_MAX_CONNECTIONS", "6"),
        ("LINKPULSE_MAX_CONNECTIONS_PER_ADDRESS", "4"),
    ])
    .await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        stream.write_all(GET.as_bytes()).await.unwrap();
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 302"));
        held.push(stream);
    }
    assert!(!is_admitted(&proxy).await, "a fifth");

    held.pop();
    eventually("there is room again", async || is_admitted(&proxy).await).await;
}

/// Whether one more client is answered, not cut off at once.
pub(crate) async fn is_admitted(proxy: &Proxy) -> bool {
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    // It may be closed before it is written to.
    let _ = stream.write_all(GET.as_bytes()).await;
    let mut answer = [0; 1024];
    let read = stream.read(&mut answer).await.unwrap_or(0);
    answer[..read].starts_with(b"HTTP/1.1 302")
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_must_be_looked_up_are_answered_in_order_too() {
    let proxy = Proxy::start().await;
    for code in ["cold-1", "cold-2", "cold-3"] {
        proxy
            .knows(&link(code, 1, &format!("https://example.com/{code}")))
            .await;
    }
    let requests = ["cold-3", "cold-1", "nothing", "cold-2"]
        .map(|code| format!("GET /{code} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    let answers = proxy.raw(requests.concat().as_bytes()).await;
    let places = ["cold-3", "cold-1", "404", "cold-2"].map(|text| answers.find(text).unwrap());
    assert!(places.is_sorted(), "{answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_requests_end_a_connection_politely() {
    let proxy = proxy_with_a_link().await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    for number in 1..=1_000 {
        stream.write_all(GET.as_bytes()).await.unwrap();
        let answer = answer(&mut stream).await;
        assert_eq!(
            answer.contains("connection: close"),
            number == 1_000,
            "{number}: {answer}"
        );
    }
    assert!(is_closed(&mut stream).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_do_not_delay_a_stop() {
    let mut proxy = Proxy::with_settings(&[LONG_GRACE]).await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    let mut used = TcpStream::connect(proxy.address).await.unwrap();
    used.write_all(GET.as_bytes()).await.unwrap();
    assert!(answer(&mut used).await.starts_with("HTTP/1.1 302"));
    let mut fresh = TcpStream::connect(proxy.address).await.unwrap();
    let begin = Instant::now();
    proxy.stop().await.unwrap();
    let took = begin.elapsed();
    assert!(took < AT_ONCE, "{took:?}");
    assert!(is_closed(&mut used).await && is_closed(&mut fresh).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_lines_before_a_request_are_no_request() {
    let proxy = proxy_with_a_link().await;
    let one = proxy.raw(format!("\r\n\r\n{GET}").as_bytes()).await;
    assert!(one.starts_with("HTTP/1.1 302"), "{one}");
    for nonsense in ["\n\n", "\r\n\n\n", "\n\r\n"] {
        let answer = proxy.raw(nonsense.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{nonsense:?}: {answer}");
    }
    let nothing = proxy.raw(b"\r\n\r\n").await;
    assert_eq!(nothing, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_tries_codes_is_slowed_down_and_hits_are_not() {
    let proxy = Proxy::with_settings(&[("LINKPULSE_MISSES_PER_MINUTE", "20")]).await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    assert_eq!(proxy.status("/abc").await, 302);
    let mut answers = Vec::new();
    for number in 0..30 {
        answers.push(proxy.get(&format!("/try-{number}")).await);
    }
    let refused = answers.last().unwrap();
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "whole seconds: {wait}");
    let found_nothing = answers
        .iter()
        .filter(|answer| answer.status() == 404)
        .count();
    assert!((19..30).contains(&found_nothing), "{found_nothing}");
    // What is in memory is answered as before: the link, and for 10 s what is known not to exist.
    assert_eq!(proxy.status("/abc").await, 302);
    let known = answers.iter().rposition(|answer| answer.status() == 404);
    let known = format!("/try-{}", known.unwrap());
    assert_eq!(proxy.status(&known).await, 404);
    // A link that many wait for costs one look-up, not many.
    let another = Proxy::with_settings(&[("LINKPULSE_MISSES_PER_MINUTE", "1")]).await;
    another.knows(&link("new", 1, "https://example.com/")).await;
    another.control_plane.takes(Duration::from_millis(50));
    let visitors = (0..50).map(|_| another.status("/new"));
    let answers = futures_util::future::join_all(visitors).await;
    assert!(answers.iter().all(|status| *status == 302), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_cut_off() {
    let one_connection = ("LINKPULSE_MAX_CONNECTIONS_PER_ADDRESS", "1");
    let proxy = Proxy::with_settings(&[one_connection]).await;
    // Twice what Linux keeps of answers that are not read. Elsewhere it is less.
    let limits = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_wmem").unwrap_or_default();
    let kept = limits.split_whitespace().nth(2);
    let kept: usize = kept.map_or(4 << 20, |bytes| bytes.parse().unwrap());
    let target = format!("https://example.com/{}", "x".repeat(2 * kept / 999));
    proxy.knows(&link("abc", 1, &target)).await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2_048).unwrap();
    let mut stream = socket.connect(proxy.address).await.unwrap();
    stream.write_all(GET.repeat(999).as_bytes()).await.unwrap();
    let mut answers = vec![stream.read_u8().await.unwrap()];
    assert!(!is_admitted(&proxy).await);
    eventually("its connection is another's", async || {
        is_admitted(&proxy).await
    })
    .await;
    // What the kernel had kept, and then the end.
    let _ = stream.read_to_end(&mut answers).await;
    let answered = String::from_utf8_lossy(&answers)
        .matches("HTTP/1.1 302")
        .count();
    assert!(answered < 999, "all were answered");
}
