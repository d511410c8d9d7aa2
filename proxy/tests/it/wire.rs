//! Bytes on a connection, and what comes back.

use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::harness::{PATIENCE, Proxy, link};

/// A request for the link of [`proxy_with_a_link`].
pub(crate) const GET: &str = "GET /abc HTTP/1.1\r\nHost: localhost\r\n\r\n";

pub(crate) async fn proxy_with_a_link() -> Proxy {
    let proxy = Proxy::start().await;
    proxy.knows(&link("abc", 1, "https://example.com/")).await;
    proxy
}

/// Sends bytes as they are, says that no more will come, and returns what comes back until the
/// connection ends.
pub(crate) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &[u8],
) -> String {
    // The other side may close before it has read all of it.
    let _ = stream.write_all(request).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    // A reset is an end as well.
    let reading = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(reading.is_ok(), "the connection stays open");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one head.
pub(crate) async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await.unwrap() == 0 {
            break;
        }
        answer.extend_from_slice(&byte);
    }
    String::from_utf8(answer).unwrap()
}

/// Reads one answer with a length.
pub(crate) async fn answer_with_body(stream: &mut (impl AsyncRead + Unpin)) -> (String, String) {
    let head = answer(stream).await;
    let fields = head.to_lowercase();
    let length = fields.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.split('\r').next()).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    (head, String::from_utf8(body).unwrap())
}

pub(crate) async fn is_closed(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    // A reset is an end as well.
    matches!(stream.read(&mut [0; 64]).await, Ok(0) | Err(_))
}

/// Sends a head byte by byte, and finds itself cut off by the deadline for heads.
pub(crate) async fn is_cut_off_when_slow(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let begin = Instant::now();
    for byte in GET.as_bytes().iter().cycle() {
        let is_written = stream.write_all(&[*byte]).await.is_ok() && stream.flush().await.is_ok();
        if !is_written || begin.elapsed() > PATIENCE {
            break;
        }
        let read = tokio::time::timeout(Duration::from_millis(500), stream.read(&mut [0; 8])).await;
        if read.is_ok() {
            break;
        }
    }
    is_a_deadline(begin.elapsed());
}

/// What is slow is cut off after 5 s, as long as it is measured from before it began, and what is
/// idle after a minute.
pub(crate) fn is_a_deadline(elapsed: Duration) {
    let expected = Duration::from_secs(4)..Duration::from_secs(30);
    assert!(expected.contains(&elapsed), "cut off after {elapsed:?}");
}
