//! How long the body of a request may be. The one table of it: whoever reads a body, before the handler or
//! in it, is held to it, and the time that a request has follows from it.

use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

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

/// Holds all that follows to it.
pub(crate) async fn hold(mut request: Request, next: Next) -> Response {
    DefaultBodyLimit::max(of(&request)).apply(&mut request);
    next.run(request).await
}
