//! Connections on which a request was not read to its end.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::App;

/// The head of the answer to the head of a request, whose body comes later.
async fn head_of_answer(app: &App, authorization: &str, body: Option<&str>) -> String {
    let length = body.unwrap_or("{}").len();
    head_of_answer_to(app, authorization, length, body).await
}

/// The same if it is said to have another length.
async fn head_of_answer_to(
    app: &App,
    authorization: &str,
    length: usize,
    body: Option<&str>,
) -> String {
    let host = app.url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST /api/v1/links HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         {authorization}Content-Length: {length}\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    if let Some(body) = body {
        connection.write_all(body.as_bytes()).await.unwrap();
    }
    let mut answer = Vec::new();
    while !answer.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let read = connection.read_buf(&mut answer).await.unwrap();
        assert_ne!(read, 0, "closed without an answer");
    }
    String::from_utf8_lossy(&answer).to_lowercase()
}

#[tokio::test]
async fn who_is_refused_before_the_body_learns_that_the_connection_ends() {
    let app = App::start().await;
    let refused = head_of_answer(&app, "", None).await;
    assert!(refused.starts_with("http/1.1 401"), "{refused}");
    assert!(refused.contains("\r\nconnection: close\r\n"), "{refused}");
}

#[tokio::test]
async fn who_announces_too_much_is_refused_before_it_is_sent() {
    let app = App::start().await;
    let key = format!("Authorization: Bearer {}\r\n", app.key);
    for authorization in ["", &key] {
        let refused = head_of_answer_to(&app, authorization, 64 * 1024 + 1, None).await;
        assert!(refused.starts_with("http/1.1 413"), "{refused}");
        assert!(refused.contains("\r\nconnection: close\r\n"), "{refused}");
    }
}

#[tokio::test]
async fn a_connection_whose_requests_were_read_goes_on() {
    let app = App::start().await;
    let key = format!("Authorization: Bearer {}\r\n", app.key);
    for body in ["{\"original_url\":\"https://example.com/\"}", "{}", "{"] {
        let answer = head_of_answer(&app, &key, Some(body)).await;
        assert!(!answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
}
