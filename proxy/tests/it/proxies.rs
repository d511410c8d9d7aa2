//! Proxies in front of this one: what they say of a visitor is believed, if we were told of them.

use std::net::SocketAddr;
use std::time::Instant;

use proxy_header::{ProxiedAddress, ProxyHeader};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::{Proxy, link};
use crate::tls::{Files, handshake};
use crate::wire::{GET, answer, answer_with_body, is_a_deadline, is_closed};

const TRUSTED: (&str, &str) = ("LINKPULSE_TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8");
const PROXY_PROTOCOL: (&str, &str) = ("LINKPULSE_PROXY_PROTOCOL", "required");

/// What the control plane gets to see of a request with these fields.
async fn forwarded(proxy: &Proxy, fields: &[(&str, &str)]) -> Value {
    let mut request = proxy.request(reqwest::Method::GET, "/api/echo");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let echo: Value = request.send().await.unwrap().json().await.unwrap();
    echo["headers"].clone()
}

/// A header of version 1 or 2, saying that the connection is this one's.
fn header(version: u8, source: &str) -> Vec<u8> {
    let source: SocketAddr = source.parse().unwrap();
    let destination = match source {
        SocketAddr::V4(_) => "192.0.2.80:80",
        SocketAddr::V6(_) => "[2001:db8::80]:80",
    };
    let address = ProxiedAddress::stream(source, destination.parse().unwrap());
    let header = ProxyHeader::with_address(address);
    let mut bytes = Vec::new();
    match version {
        1 => header.encode_v1(&mut bytes).unwrap(),
        _ => header.encode_v2(&mut bytes).unwrap(),
    }
    bytes
}

/// A connection from an address of this machine.
async fn connect_from(source: &str, proxy: &Proxy) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(source.parse().unwrap()).unwrap();
    socket.connect(proxy.address).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn trusted_proxies_say_who_asks_and_how() {
    let proxy = Proxy::with_settings(&[TRUSTED]).await;
    let fields = [
        ("x-forwarded-for", "6.6.6.6, 203.0.113.7, 10.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("cf-connecting-ip", "7.7.7.7"),
    ];
    let headers = forwarded(&proxy, &fields).await;
    assert_eq!(headers["x-forwarded-for"], json!(["203.0.113.7"]));
    assert_eq!(headers["x-forwarded-proto"], json!(["https"]));
    assert_eq!(headers["x-forwarded-host"], headers["host"]);

    let by_name = ("LINKPULSE_CLIENT_ADDRESS_HEADER", "CF-Connecting-IP");
    let proxy = Proxy::with_settings(&[TRUSTED, by_name]).await;
    let headers = forwarded(&proxy, &fields).await;
    assert_eq!(headers["x-forwarded-for"], json!(["7.7.7.7"]));

    // An address is not enough: this one is the visitor's own.
    let elsewhere = ("LINKPULSE_TRUSTED_PROXIES", "10.0.0.0/8");
    let proxy = Proxy::with_settings(&[elsewhere]).await;
    let headers = forwarded(&proxy, &fields).await;
    assert_eq!(headers["x-forwarded-for"], json!(["127.0.0.1"]));
    assert_eq!(headers["x-forwarded-proto"], json!(["http"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn look_ups_are_limited_for_each_visitor_behind_a_proxy() {
    let proxy = Proxy::with_settings(&[TRUSTED, ("LINKPULSE_MISSES_PER_MINUTE", "1")]).await;
    let asked = async |code: &str, visitor: &str| {
        let request = proxy.request(reqwest::Method::GET, code);
        let request = request.header("x-forwarded-for", visitor);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(asked("/one", "203.0.113.1").await, 404);
    assert_eq!(asked("/two", "203.0.113.1").await, 429);
    assert_eq!(asked("/three", "203.0.113.2").await, 404);
    assert_eq!(asked("/four", "spoofed, 203.0.113.2").await, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_may_have_many_connections() {
    let limit = ("LINKPULSE_MAX_CONNECTIONS_PER_ADDRESS", "2");
    let proxy = Proxy::with_settings(&[TRUSTED, limit]).await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        let mut stream = connect_from("127.0.0.1:0", &proxy).await;
        stream.write_all(GET.as_bytes()).await.unwrap();
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 302"));
        held.push(stream);
    }
    for expected in [false, false, true] {
        let mut stream = connect_from("127.0.0.9:0", &proxy).await;
        let _ = stream.write_all(GET.as_bytes()).await;
        let got = stream.read(&mut [0; 8]).await;
        assert_eq!(matches!(got, Ok(0) | Err(_)), expected);
        held.push(stream);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_protocol_says_whose_a_connection_is() {
    let files = Files::new();
    let proxy = files.proxy_with(&[TRUSTED, PROXY_PROTOCOL]).await;
    let echo = GET.replace("/abc", "/api/echo");
    let unknown = b"PROXY UNKNOWN\r\n".to_vec();
    let local =
        b"\r\n\r\n\0\r\nQUIT\n\x20\x11\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\0\x09\0\x0a".to_vec();
    for (header, expected) in [
        (header(1, "203.0.113.7:4000"), "203.0.113.7"),
        (header(2, "203.0.113.7:4000"), "203.0.113.7"),
        (header(1, "[2001:db8::7]:4000"), "2001:db8::7"),
        (header(2, "[2001:db8::7]:4000"), "2001:db8::7"),
        (header(2, "[::ffff:203.0.113.7]:4000"), "203.0.113.7"),
        (unknown, "127.0.0.1"),
        (local, "127.0.0.1"),
    ] {
        let field = format!("x-forwarded-for\":[\"{expected}\"]");
        // With the first requests in the same piece: they must not be taken for the header's.
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        let all = [&header, GET.as_bytes(), echo.as_bytes()].concat();
        stream.write_all(&all).await.unwrap();
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 302"));
        let (_, body) = answer_with_body(&mut stream).await;
        assert!(body.contains(&field), "{expected}: {body}");

        // Byte by byte, and before a TLS handshake.
        let mut stream = TcpStream::connect(proxy.tls_address.unwrap())
            .await
            .unwrap();
        stream.set_nodelay(true).unwrap();
        for byte in &header {
            stream.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut stream = handshake(stream, &files, &[]).await.unwrap();
        stream.write_all(echo.as_bytes()).await.unwrap();
        let (_, body) = answer_with_body(&mut stream).await;
        assert!(body.contains(&field), "{expected}: {body}");
    }
    // The visitor may be a proxy again.
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    let fields = "x-forwarded-for: 6.6.6.6, 203.0.113.9\r\n\r\n";
    let request = echo.replace("\r\n\r\n", &format!("\r\n{fields}"));
    let all = [header(2, "10.0.0.5:1"), request.into_bytes()].concat();
    stream.write_all(&all).await.unwrap();
    let (_, body) = answer_with_body(&mut stream).await;
    assert!(
        body.contains("x-forwarded-for\":[\"203.0.113.9\"]"),
        "{body}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_keep_to_the_proxy_protocol_is_closed() {
    let proxy = Proxy::with_settings(&[TRUSTED, PROXY_PROTOCOL]).await;
    let long_line = format!("PROXY TCP4 {}\r\n", "1".repeat(100));
    let long_header = [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", &[0; 100][..]].concat();
    for header in [
        b"".as_slice(),
        b"PROXY TCP4 1.2.3.4 1.2.3.5 1 99999\r\n",
        b"PROXY TCP4 1.2.3 1.2.3.5 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.5 1 2\n",
        b"PROXY TCP9 1.2.3.4 1.2.3.5 1 2\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04abcd",
        long_line.as_bytes(),
        &long_header,
    ] {
        let answer = proxy.raw(&[header, GET.as_bytes()].concat()).await;
        assert_eq!(answer, "", "{}", String::from_utf8_lossy(header));
    }
    // One that we were not told of is not believed, and has nothing to say here.
    let mut stranger = connect_from("127.0.0.9:0", &proxy).await;
    let _ = stranger.write_all(&header(2, "203.0.113.7:1")).await;
    assert!(is_closed(&mut stranger).await);

    let begin = Instant::now();
    let mut slow = TcpStream::connect(proxy.address).await.unwrap();
    slow.write_all(b"PROXY TCP4 1.2").await.unwrap();
    assert!(is_closed(&mut slow).await);
    is_a_deadline(begin.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_the_proxy_protocol_connections_count_for_the_visitor() {
    let limit = ("LINKPULSE_MAX_CONNECTIONS_PER_ADDRESS", "2");
    let proxy = Proxy::with_settings(&[TRUSTED, PROXY_PROTOCOL, limit]).await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    let mut held = Vec::new();
    for (visitor, is_admitted) in [
        ("203.0.113.1:1", true),
        ("203.0.113.1:2", true),
        ("203.0.113.1:3", false),
        ("203.0.113.2:1", true),
    ] {
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        let all = [header(2, visitor), GET.as_bytes().to_vec()].concat();
        stream.write_all(&all).await.unwrap();
        let got = stream.read(&mut [0; 8]).await;
        assert_eq!(matches!(got, Ok(1..)), is_admitted, "{visitor}");
        held.push(stream);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_proxy_protocol_its_header_is_no_request() {
    let proxy = Proxy::with_settings(&[TRUSTED]).await;
    for version in [1, 2] {
        let all = [header(version, "203.0.113.7:1"), GET.as_bytes().to_vec()].concat();
        let answer = proxy.raw(&all).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert!(!answer.contains("302"), "{answer}");
    }
}
