//! HTTP/2, on the plain port by prior knowledge and over TLS.

use std::io::ErrorKind;
use std::time::Instant;

use bytes::Bytes;
use h2::client::{SendRequest, handshake};
use http::{Method, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{AT_ONCE, LONG_GRACE, PATIENCE, Proxy, link};
use crate::tls::{Files, connect};
use crate::wire::{is_a_deadline, is_closed, proxy_with_a_link};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

type Client = SendRequest<Bytes>;

/// A client on a connection of its own.
async fn client(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Client {
    let (client, connection) = handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client.ready().await.unwrap()
}

async fn plain(proxy: &Proxy) -> Client {
    client(TcpStream::connect(proxy.address).await.unwrap()).await
}

fn get(path: &str) -> Request<()> {
    let uri = format!("http://localhost{path}");
    Request::builder().uri(uri).body(()).unwrap()
}

/// The answer, and its body.
async fn ask(client: &Client, request: Request<()>, body: &str) -> (Response<()>, String) {
    let mut client = client.clone().ready().await.unwrap();
    let (answer, mut sending) = client.send_request(request, body.is_empty()).unwrap();
    if !body.is_empty() {
        sending.send_data(body.to_owned().into(), true).unwrap();
    }
    let answered = tokio::time::timeout(PATIENCE, answer).await.unwrap();
    let (head, mut reading) = answered.unwrap().into_parts();
    let mut text = Vec::new();
    while let Some(data) = reading.data().await {
        let data = data.unwrap();
        reading.flow_control().release_capacity(data.len()).unwrap();
        text.extend_from_slice(&data);
    }
    let text = String::from_utf8(text).unwrap();
    (Response::from_parts(head, ()), text)
}

async fn status(client: &Client, request: Request<()>) -> u16 {
    ask(client, request, "").await.0.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_answered_on_both_ports() {
    let files = Files::new();
    let proxy = files.proxy_with_a_link().await;
    let encrypted = connect(&proxy, &files, &["http/1.1", "h2"]).await.unwrap();
    for client in [plain(&proxy).await, client(encrypted).await] {
        let (answer, body) = ask(&client, get("/abc?a=b"), "").await;
        assert_eq!(answer.status(), 302);
        assert_eq!(answer.headers()["location"], "https://example.com/");
        assert_eq!(answer.headers()["cache-control"], "private, no-store");
        assert!(!answer.headers().contains_key("connection"));
        assert_eq!(body, "");
        let mut head = get("/abc");
        *head.method_mut() = Method::HEAD;
        assert_eq!(status(&client, head).await, 302);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_http_1_hold() {
    let proxy = proxy_with_a_link().await;
    let client = plain(&proxy).await;
    let long_path = format!("/{}", "x".repeat(2_100));
    for (path, expected) in [
        ("/nothing", 404),
        ("//abc", 404),
        ("/%61bc", 404),
        ("/abc;x", 404),
        ("/.env", 404),
        (long_path.as_str(), 414),
    ] {
        assert_eq!(status(&client, get(path)).await, expected, "{path}");
    }
    for method in ["POST", "PUT", "TRACE", "BREW"] {
        let mut request = get("/abc");
        *request.method_mut() = method.parse().unwrap();
        let (answer, _) = ask(&client, request, "body").await;
        assert_eq!(answer.status(), 405, "{method}");
    }
    let mut connecting = Request::connect("localhost:22").body(()).unwrap();
    *connecting.version_mut() = http::Version::HTTP_2;
    assert_eq!(status(&client, connecting).await, 405);

    let with = |uri: &str, host: &[&str]| {
        let mut request = Request::builder().uri(uri);
        for host in host {
            request = request.header("host", *host);
        }
        request.body(()).unwrap()
    };
    for (uri, hosts, expected) in [
        ("http://unknown.example/abc", &[][..], 404),
        ("http://localhost/abc", &["localhost"], 302),
        ("http://localhost/abc", &["other.example"], 400),
        ("http://localhost/abc", &["localhost", "localhost"], 400),
        ("http://a@localhost/abc", &[], 400),
        ("http://a..b/abc", &[], 400),
    ] {
        let answered = status(&client, with(uri, hosts)).await;
        assert_eq!(answered, expected, "{uri} {hosts:?}");
    }
    // The API's paths may be longer, and its clients are refused in its form.
    let long_path = format!("/api/{}", "x".repeat(10_000));
    assert_eq!(status(&client, get(&long_path)).await, 200);
    let refused = [
        (get("/api/v1/links"), "TRACE", 405, "method_not_allowed"),
        (
            with("http://a..b/api/v1/links", &[]),
            "GET",
            400,
            "malformed",
        ),
    ];
    for (mut request, method, expected, code) in refused {
        *request.method_mut() = method.parse().unwrap();
        let (answer, body) = ask(&client, request, "").await;
        assert_eq!(answer.status(), expected);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["code"], code);
    }
    let mut large = get("/abc");
    let value = "x".repeat(17_000).parse().unwrap();
    large.headers_mut().insert("x-large", value);
    assert_eq!(status(&client, large).await, 431);
    // All of that was one connection.
    assert_eq!(status(&client, get("/abc")).await, 302);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_plane_gets_requests_whole() {
    let files = Files::new();
    let proxy = files.proxy_with_a_link().await;
    let encrypted = connect(&proxy, &files, &["h2"]).await.unwrap();
    for (client, scheme) in [
        (plain(&proxy).await, "http"),
        (client(encrypted).await, "https"),
    ] {
        let mut request = get("/api/echo?a=b");
        *request.method_mut() = Method::POST;
        for name in ["x-forwarded-for", "x-real-ip", "forwarded"] {
            request
                .headers_mut()
                .insert(name, "10.1.2.3".parse().unwrap());
        }
        let (answer, body) = ask(&client, request, "hello").await;
        assert_eq!(answer.status(), 200);
        let echo: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(echo["method"], "POST");
        assert_eq!(echo["uri"], "/api/echo?a=b");
        assert_eq!(echo["body"], "hello");
        let headers = &echo["headers"];
        let one = |value: &str| serde_json::json!([value]);
        assert_eq!(headers["host"], one("localhost"));
        assert_eq!(headers["x-forwarded-host"], one("localhost"));
        assert_eq!(headers["x-forwarded-proto"], one(scheme));
        assert_eq!(headers["x-forwarded-for"], one("127.0.0.1"));
        assert!(headers["x-real-ip"].is_null() && headers["forwarded"].is_null());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_behind_a_trusted_proxy_are_told_apart() {
    let proxy = Proxy::with_settings(&[
        ("LINKPULSE_TRUSTED_PROXIES", "127.0.0.1"),
        ("LINKPULSE_MISSES_PER_MINUTE", "1"),
    ])
    .await;
    let client = plain(&proxy).await;
    for (visitor, path, expected) in [
        ("203.0.113.1", "/one", 404),
        ("203.0.113.1", "/two", 429),
        ("203.0.113.2", "/three", 404),
    ] {
        let mut request = get(path);
        let value = visitor.parse().unwrap();
        request.headers_mut().insert("x-forwarded-for", value);
        assert_eq!(status(&client, request).await, expected, "{visitor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_share_a_connection_but_not_too_many() {
    let proxy = proxy_with_a_link().await;
    let client = plain(&proxy).await;
    assert_eq!(status(&client, get("/abc")).await, 302);
    assert_eq!(client.current_max_send_streams(), 100);
    let asked = (0..500).map(|number| {
        let code = if number % 2 == 0 { "abc" } else { "nothing" };
        status(&client, get(&format!("/{code}")))
    });
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|status| **status == 302).count(), 250);
    assert_eq!(answers.iter().filter(|status| **status == 404).count(), 250);
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u32;
    let mut frame = length.to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The code of the first GOAWAY among frames.
fn reason_of_end(mut frames: &[u8]) -> Option<u32> {
    while frames.len() >= 9 {
        let length = u32::from_be_bytes([0, frames[0], frames[1], frames[2]]) as usize;
        let (kind, payload) = (frames[3], frames.get(9..9 + length)?);
        if kind == 7 {
            return Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
        }
        frames = &frames[9 + length..];
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_taken_back_at_once_end_the_connection() {
    let proxy = proxy_with_a_link().await;
    let mut bytes = [PREFACE, &frame(4, 0, 0, &[])].concat();
    // GET http://localhost/
    let fields = [&[0x82, 0x86, 0x84, 0x41, 9], &b"localhost"[..]].concat();
    for number in 0..1_000 {
        let stream = 2 * number + 1;
        bytes.extend(frame(1, 0x5, stream, &fields));
        // RST_STREAM with CANCEL.
        bytes.extend(frame(3, 0, stream, &[0, 0, 0, 8]));
    }
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    let _ = stream.write_all(&bytes).await;
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    let reading = tokio::time::timeout(PATIENCE, reading);
    let end = reading.await.expect("it ends");
    let calm_down = 11;
    match (reason_of_end(&answer), end) {
        (Some(reason), _) => assert_eq!(reason, calm_down),
        // A reset, because not everything was read, may overtake the reason.
        (None, end) => assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset),
    }
    assert_eq!(proxy.status("/abc").await, 302);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preface_must_be_whole_and_in_time() {
    let proxy = proxy_with_a_link().await;
    let answer = proxy.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r.").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let begin = Instant::now();
    let mut slow = TcpStream::connect(proxy.address).await.unwrap();
    slow.write_all(&PREFACE[..20]).await.unwrap();
    assert!(is_closed(&mut slow).await);
    is_a_deadline(begin.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_does_not_delay_a_stop() {
    let mut proxy = Proxy::with_settings(&[LONG_GRACE]).await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    let client = plain(&proxy).await;
    assert_eq!(status(&client, get("/abc")).await, 302);
    let begin = Instant::now();
    proxy.stop().await.unwrap();
    let took = begin.elapsed();
    assert!(took < AT_ONCE, "{took:?}");
}
