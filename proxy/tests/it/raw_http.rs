//! Bytes that no client library would send.

use serde_json::{Value, json};

use crate::tls::{Files, connect};
use crate::wire::{GET, exchange, proxy_with_a_link};

/// Status codes of the answers on one connection.
fn statuses(answer: &str) -> Vec<&str> {
    let answers = answer.split("HTTP/1.1 ").skip(1);
    answers.map(|answer| &answer[..3]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_heads_get_one_refusal() {
    let files = Files::new();
    let proxy = files.proxy_with_a_link().await;
    let long_path = format!(
        "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "x".repeat(2_100)
    );
    let large_head = format!(
        "GET /abc HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    let long_code = format!(
        "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "x".repeat(65)
    );
    for (request, expected) in [
        ("GET /abc HTTP/1.1\r\n\r\n", "400"),
        ("GET /abc HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("GET /abc HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"),
        ("GET /abc HTTP/1.1\r\nHost: a b\r\n\r\n", "400"),
        ("GET /abc HTTP/1.1\r\nHost:\r\n\r\n", "400"),
        ("GET /abc HTTP/1.1\r\nHost: é\r\n\r\n", "400"),
        ("GET /abc HTTP/1.1\nHost: localhost\n\n", "400"),
        ("GET /abc HTTP/1.1\r\nHost : localhost\r\n\r\n", "400"),
        (
            "GET /abc HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n",
            "400",
        ),
        (
            "GET /abc HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
            "400",
        ),
        (
            "GET http://evil.example/abc HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "400",
        ),
        (
            "POST /abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            "400",
        ),
        (
            "POST /abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "400",
        ),
        (
            "POST /abc HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n",
            "400",
        ),
        (
            "POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /abc HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "400",
        ),
        ("\0\x01\x02\x03\r\n\r\n", "400"),
        (
            "CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n",
            "405",
        ),
        ("TRACE /api HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"),
        ("PUT /abc HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"),
        ("GET //abc HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
        ("GET /abc%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
        ("GET /../etc HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
        ("GET /a\u{e9}c HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
        (&long_code, "404"),
        (&long_path, "414"),
        (&large_head, "431"),
    ] {
        let answer = proxy.raw(request.as_bytes()).await;
        assert_eq!(
            statuses(&answer),
            [expected],
            "{:?}: {answer}",
            &request[..request.len().min(120)]
        );
        assert!(!answer.contains("location"), "{request:?}");

        let kept_alive = format!("{GET}{request}");
        let answer = proxy.raw(kept_alive.as_bytes()).await;
        assert_eq!(statuses(&answer), ["302", expected], "{answer}");

        let encrypted = connect(&proxy, &files, &[]).await.unwrap();
        let answer = exchange(encrypted, kept_alive.as_bytes()).await;
        assert_eq!(statuses(&answer), ["302", expected], "over TLS: {answer}");

        let forwarded = GET.replace("/abc", "/api/echo");
        let behind = format!("{forwarded}{request}");
        let answer = proxy.raw(behind.as_bytes()).await;
        assert_eq!(statuses(&answer), ["200", expected], "{answer}");
    }
    assert_eq!(proxy.status("/abc").await, 302, "still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apis_clients_are_refused_in_its_form_and_others_with_a_status() {
    let proxy = proxy_with_a_link().await;
    let large = format!(
        " HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(17_000)
    );
    let long = format!(
        "?{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "x".repeat(17_000)
    );
    let no_host = " HTTP/1.1\r\n\r\n";
    let two_lengths =
        " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab";
    let good = " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (method, rest, status, code) in [
        ("GET", no_host, 400, "malformed"),
        (
            "GET",
            "\u{1} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            400,
            "malformed",
        ),
        ("POST", two_lengths, 400, "malformed"),
        ("TRACE", good, 405, "method_not_allowed"),
        ("BREW", good, 405, "method_not_allowed"),
        ("CONNECT", good, 405, "method_not_allowed"),
        ("GET", &large, 431, "head_too_large"),
        ("GET", &long, 431, "head_too_large"),
    ] {
        let request = format!("{method} /api/v1/links{rest}");
        let answer = proxy.raw(request.as_bytes()).await;
        assert_eq!(statuses(&answer), [status.to_string()], "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains("\r\ncontent-type: application/problem+json\r\n"),
            "{head}"
        );
        assert!(
            head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())),
            "{head}"
        );
        // None of them is known to be allowed.
        assert_eq!(head.contains("\r\nallow: \r\n"), status == 405, "{head}");
        let problem: Value = serde_json::from_str(body).unwrap();
        assert_eq!(
            (&problem["status"], &problem["code"]),
            (&json!(status), &json!(code))
        );
        let request_id = problem["request_id"].as_str().unwrap();
        assert!(
            head.contains(&format!("\r\nx-request-id: {request_id}\r\n")),
            "{head}"
        );

        let of_a_link = format!("{method} /abc{rest}");
        let answer = proxy.raw(of_a_link.as_bytes()).await;
        assert_eq!(statuses(&answer), [status.to_string()], "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            !head.contains("content-type") && body.is_empty(),
            "{answer}"
        );
        assert_eq!(
            head.contains("\r\nallow: GET, HEAD\r\n"),
            status == 405,
            "{head}"
        );
    }
    let answer = proxy.raw(b"HEAD /api/v1/links HTTP/1.1\r\n\r\n").await;
    assert_eq!(statuses(&answer), ["400"]);
    assert!(
        answer.ends_with("\r\n\r\n"),
        "an answer to HEAD has no body: {answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn old_and_absolute_forms_are_understood() {
    let proxy = proxy_with_a_link().await;
    for request in [
        "GET /abc HTTP/1.0\r\n\r\n",
        "GET http://localhost/abc HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /abc HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-1\r\nIf-None-Match: \"x\"\r\n\r\n",
    ] {
        let answer = proxy.raw(request.as_bytes()).await;
        assert_eq!(statuses(&answer), ["302"], "{request:?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_order() {
    let proxy = proxy_with_a_link().await;
    let requests = "GET /abc HTTP/1.1\r\nHost: localhost\r\n\r\n\
                    GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n\
                    HEAD /abc HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answer = proxy.raw(requests.as_bytes()).await;
    assert_eq!(statuses(&answer), ["302", "404", "302"], "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_is_not_taken_for_a_request() {
    let proxy = proxy_with_a_link().await;
    let smuggled = "GET /abc HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let request = format!(
        "POST /abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{smuggled}",
        smuggled.len() + 10
    );
    let answer = proxy.raw(request.as_bytes()).await;
    assert_eq!(statuses(&answer), ["405"], "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_never_brings_it_down() {
    let proxy = proxy_with_a_link().await;
    // A small generator with a fixed seed: the same noise each time.
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let valid =
        b"GET /abc?x=y HTTP/1.1\r\nHost: localhost\r\nUser-Agent: x\r\nContent-Length: 0\r\n\r\n";
    let noise = (0..300).map(|_| {
        let mut request = valid.to_vec();
        for _ in 0..1 + next() % 6 {
            let position = (next() % request.len() as u64) as usize;
            request[position] = next() as u8;
        }
        request
    });
    let noise: Vec<Vec<u8>> = noise.collect();
    let sent = noise.iter().map(|request| proxy.raw(request));
    futures_util::future::join_all(sent).await;
    assert_eq!(proxy.status("/abc").await, 302);
}
