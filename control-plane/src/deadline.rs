//! How long a request may take.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::body_limit;
use crate::error::Error;
use crate::propagation::LONGEST_WAIT;
use crate::state::AppState;

/// Bytes of a body that a client sends in a second, at least: two megabits. The longest file has four
/// minutes.
const BYTES_A_SECOND: u64 = 256 * 1024;

/// Gives up a request that takes too long. What it began may be done all the same, in a task of its own:
/// so whoever asked for a change is not told to try again, which would do it twice, but that nobody knows.
pub(crate) async fn keep(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let patience = state.config.request_timeout + besides(&request);
    let changes_nothing = matches!(*request.method(), Method::GET | Method::HEAD);
    match tokio::time::timeout(patience, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) if changes_nothing => Error::TimedOut.into_response(),
        Err(_) => Error::OutcomeUnknown.into_response(),
    }
}

/// The time for its body, and for the proxies if it waits for them: by then it is done.
fn besides(request: &Request) -> Duration {
    let longest = body_limit::of(request) as u64;
    let length = body_limit::announced(request);
    // Sent in pieces, its length is not known before its end.
    let is_chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let length = length.unwrap_or(if is_chunked { longest } else { 0 });
    let sending = Duration::from_secs(length.min(longest) / BYTES_A_SECOND);
    let query = request.uri().query().unwrap_or_default();
    match query.split('&').any(|pair| pair.starts_with("wait=")) {
        true => sending + LONGEST_WAIT,
        false => sending,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn what_is_long_and_what_waits_has_longer() {
        let time = |uri: &str, name: &str, value: &str| {
            let request = Request::builder().uri(uri).header(name, value);
            besides(&request.body(Body::empty()).unwrap()).as_secs()
        };
        assert_eq!(time("/", "content-length", "20"), 0);
        // Nobody gets more time by promising what would be refused.
        assert_eq!(time("/", "content-length", "99999999999"), 0);
        assert_eq!(time("/", "transfer-encoding", "chunked"), 0);
        assert_eq!(time("/?x=1&wait=2s", "content-length", "20"), 10);
    }
}
