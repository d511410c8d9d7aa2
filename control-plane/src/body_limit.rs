//! How long the body of a request may be. The one table of it: whoever reads a body, before the handler or
//! in it, is held to it, and the time that a request has follows from it.

use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::Error;
use crate::json::{MAX_BODY, MAX_BULK_BODY};
use crate::routes::{imports, workspaces};

/// Longest body in bytes, of the route of a request.
pub(crate) fn of(request: &Request) -> usize {
    let path = request.extensions().get::<MatchedPath>();
    match path.map_or("", MatchedPath::as_str) {
        "/api/v1/links/bulk" | "/api/v1/links/bulk/edit" | "/api/v1/links/bulk/delete" => {
            MAX_BULK_BODY
        }
        "/api/v1/imports" => imports::MAX_FILE,
        "/api/v1/workspace/restore" => workspaces::MAX_WORKSPACE,
        _ => MAX_BODY,
    }
}

/// The length that a request says its body has.
pub(crate) fn announced(request: &Request) -> Option<u64> {
    let length = request.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Holds all that follows to it. Who announces more need not send it.
pub(crate) async fn hold(mut request: Request, next: Next) -> Response {
    let longest = of(&request);
    if announced(&request).is_some_and(|length| length > longest as u64) {
        return Error::TooLarge.into_response();
    }
    DefaultBodyLimit::max(longest).apply(&mut request);
    next.run(request).await
}
