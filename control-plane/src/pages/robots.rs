use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::asked;
use crate::state::AppState;

/// Pages of ours about links. They say nothing that anybody would search for.
const OF_LINKS: &str = "User-agent: *\nDisallow: /auth/\nDisallow: /report/\n";

/// What is there only where the console is.
const OF_CONSOLE: &str = "Disallow: /api/\nDisallow: /console/\n";

/// `GET /robots.txt` of any host.
///
/// Links may be fetched, although none is to be found by searching: only who fetches one sees its
/// `X-Robots-Tag: noindex`. An address that must not be fetched is listed all the same, as soon as
/// others link to it.
pub async fn robots(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let domain = asked::domain(&state, &headers);
    let mut rules = OF_LINKS.to_owned();
    if domain.is_some_and(|domain| domain == state.config.default_domain) {
        rules.push_str(OF_CONSOLE);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, rules).into_response()
}
