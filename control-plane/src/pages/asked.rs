//! What a visitor asks for, as the proxy hands it over.

use axum::extract::{FromRequestParts, Path};
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::response::Response;
use contract::code::is_reserved;
use contract::{Code, Domain};

use super::html;
use crate::db::{self, LinkRow};
use crate::error::Result;
use crate::state::AppState;

/// What follows the first word of the path: a code, perhaps. What is no text is none.
pub struct AskedCode(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for AskedCode {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(code)| Self(code))
            .map_err(|_| html::not_found())
    }
}

/// The path of a link, in pieces that are as they were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LinkPath<'p> {
    /// The code, which was checked.
    pub(super) code: &'p str,
    /// What follows it: empty, or with its leading slash.
    pub(super) extra: &'p str,
    /// There is a `+` behind the code.
    pub(super) wants_preview: bool,
    /// There is a `.qr` behind the code.
    pub(super) wants_qr: bool,
}

impl<'p> LinkPath<'p> {
    /// As the proxy reads it; `None` if it is not a link's.
    pub(super) fn read(path: &'p str) -> Option<Self> {
        let relative = path.strip_prefix('/')?;
        let (first, extra) = relative.split_at(relative.find('/').unwrap_or(relative.len()));
        let preview = first.strip_suffix('+').filter(|_| extra.is_empty());
        let qr = first.strip_suffix(".qr").filter(|_| extra.is_empty());
        let code = preview.or(qr).unwrap_or(first);
        let is_link = Code::check(code).is_ok() && !is_reserved(code);
        is_link.then_some(Self {
            code,
            extra,
            wants_preview: preview.is_some(),
            wants_qr: qr.is_some(),
        })
    }
}

/// The host and port that the visitor asked for; empty if nobody said.
pub(crate) fn host(headers: &HeaderMap) -> &str {
    let host = headers.get("x-forwarded-host").or(headers.get(HOST));
    host.and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// The domain that the visitor asked for.
pub(super) fn domain(state: &AppState, headers: &HeaderMap) -> Option<Domain> {
    let domain = Domain::from_host_header(host(headers), &state.config.default_domain);
    domain.ok().and_then(|domain| domain.parse().ok())
}

/// The link that a visitor means; `None` if there is none.
pub(super) async fn find(
    state: &AppState,
    headers: &HeaderMap,
    code: &str,
) -> Result<Option<LinkRow>> {
    let (Some(domain), Ok(code)) = (domain(state, headers), code.parse::<Code>()) else {
        return Ok(None);
    };
    db::find_link_as_asked(&state.pool, &domain, &code).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_the_proxy_reads_them() {
        let path = |code, extra, wants_preview| {
            Some(LinkPath {
                code,
                extra,
                wants_preview,
                wants_qr: false,
            })
        };
        assert_eq!(LinkPath::read("/abc"), path("abc", "", false));
        assert_eq!(LinkPath::read("/abc+"), path("abc", "", true));
        let qr = LinkPath::read("/abc.qr").unwrap();
        assert_eq!(
            (qr.code, qr.wants_preview, qr.wants_qr),
            ("abc", false, true)
        );
        assert_eq!(LinkPath::read("/abc/d/e"), path("abc", "/d/e", false));
        for nothing in [
            "",
            "/",
            "/+",
            "/abc++",
            "/abc+/d",
            "/.qr",
            "/abc.qr/d",
            "/abc.qr+",
            "/api.qr",
            "/api/v1",
            "/a%20b",
            "/.env",
            "//abc",
        ] {
            assert_eq!(LinkPath::read(nothing), None, "{nothing}");
        }
    }
}
