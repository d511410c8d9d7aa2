//! A connection that goes to the HTTP library for one request, and comes back.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::Proxy;
use crate::wire::{
    GET, answer, answer_with_body, is_closed, is_cut_off_when_slow, proxy_with_a_link,
};

const FORWARDED: &str = "GET /api/echo HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A connection that has been lent once.
async fn after_a_forwarded_request(proxy: &Proxy) -> TcpStream {
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(FORWARDED.as_bytes()).await.unwrap();
    let (head, body) = answer_with_body(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(body.contains("\"uri\":\"/api/echo\""), "{body}");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_forwarded_request_is_answered_in_order() {
    let proxy = proxy_with_a_link().await;
    let mut stream = after_a_forwarded_request(&proxy).await;
    let post = "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";
    // All at once: what is behind a request must not get lost, nor be taken for its body.
    let all = [GET, FORWARDED, post, GET, post, FORWARDED, GET].concat();
    stream.write_all(all.as_bytes()).await.unwrap();
    for expected in ["link", "", "hello", "link", "hello", "", "link"] {
        if expected == "link" {
            let head = answer(&mut stream).await;
            assert!(head.starts_with("HTTP/1.1 302"), "{head}");
        } else {
            let (head, body) = answer_with_body(&mut stream).await;
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            let expected = format!("\"body\":\"{expected}\"");
            assert!(body.contains(&expected), "{body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_arrive_in_pieces_and_be_large() {
    let proxy = proxy_with_a_link().await;
    let mut stream = after_a_forwarded_request(&proxy).await;
    let length = 200_000;
    let head =
        format!("POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..length / 1_000 {
        stream.write_all(&[b'x'; 1_000]).await.unwrap();
    }
    stream.write_all(GET.as_bytes()).await.unwrap();
    let (_, body) = answer_with_body(&mut stream).await;
    assert!(body.contains(&"x".repeat(length)) && !body.contains("GET /abc"));
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 302"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_for_heads_hold_after_a_forwarded_request() {
    let proxy = proxy_with_a_link().await;
    let large = format!("{}X: {}\r\n\r\n", &GET[..GET.len() - 2], "x".repeat(20_000));
    for (request, expected) in [
        ("GET /abc HTTP/1.1\r\n\r\n", "400"),
        ("GET /abc HTTP/1.1\nHost: localhost\n\n", "400"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"),
        (large.as_str(), "431"),
    ] {
        let mut stream = after_a_forwarded_request(&proxy).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = answer(&mut stream).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {expected}")), "{head}");
        assert!(is_closed(&mut stream).await);
    }
    let mut slow = after_a_forwarded_request(&proxy).await;
    is_cut_off_when_slow(&mut slow).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_end_only_its_reader_knows_is_the_last() {
    let proxy = proxy_with_a_link().await;
    let chunked = "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
                   5\r\nhello\r\n0\r\n\r\n";
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream
        .write_all([chunked, GET].concat().as_bytes())
        .await
        .unwrap();
    let (head, body) = answer_with_body(&mut stream).await;
    assert!(head.to_lowercase().contains("connection: close"), "{head}");
    assert!(body.contains("\"body\":\"hello\""), "{body}");
    assert!(is_closed(&mut stream).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_protocol_may_take_over() {
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", upstream.local_addr().unwrap());
    let proxy = Proxy::with_settings(&[("LINKPULSE_CONTROL_PLANE_URL", &url)]).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    let request = "GET /api/live HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();

    let (mut control_plane, _) = upstream.accept().await.unwrap();
    assert!(
        answer(&mut control_plane)
            .await
            .to_lowercase()
            .contains("upgrade: websocket")
    );
    // An answer that outruns the end of the request within pingora closes the connection
    // (pingora-proxy 0.9.1, `proxy_handle_upstream`: it takes that end for the end of the new protocol).
    tokio::time::sleep(Duration::from_millis(500)).await;
    let switched =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    control_plane.write_all(switched.as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 101"));
    let mut ball = [0; 4];
    for _ in 0..3 {
        stream.write_all(b"ping").await.unwrap();
        control_plane.read_exact(&mut ball).await.unwrap();
        assert_eq!(&ball, b"ping");
        control_plane.write_all(b"pong").await.unwrap();
        stream.read_exact(&mut ball).await.unwrap();
        assert_eq!(&ball, b"pong");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forwarded_requests_count_as_requests_of_the_connection() {
    let proxy = proxy_with_a_link().await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(GET.repeat(999).as_bytes()).await.unwrap();
    for _ in 0..999 {
        assert!(answer(&mut stream).await.contains("302"));
    }
    stream.write_all(FORWARDED.as_bytes()).await.unwrap();
    let (head, _) = answer_with_body(&mut stream).await;
    assert!(head.to_lowercase().contains("connection: close"), "{head}");
    assert!(is_closed(&mut stream).await);
}
