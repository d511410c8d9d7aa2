use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use url::Url;

use super::page;

/// A page that loads its style from here, and nothing else.
const POLICY: &str = "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("style.css");

/// The page and its style. `description` is in JSON; `public_url` is where clients find us.
pub fn router<S: Clone + Send + Sync + 'static>(
    description: &Value,
    public_url: &Url,
) -> Router<S> {
    let page = File::new(
        "text/html; charset=utf-8",
        page::page(description, public_url),
    );
    let style = File::new("text/css; charset=utf-8", STYLE.to_owned());
    Router::new()
        .route("/docs", get(|headers| async move { page.answer(&headers) }))
        .route(
            "/docs/style.css",
            get(|headers| async move { style.answer(&headers) }),
        )
}

/// What is the same for everybody until the next release.
#[derive(Clone)]
struct File(Arc<Contents>);

struct Contents {
    kind: &'static str,
    tag: String,
    bytes: Bytes,
}

impl File {
    fn new(kind: &'static str, text: String) -> Self {
        let tag = format!("\"{:08x}\"", crc32fast::hash(text.as_bytes()));
        let bytes = Bytes::from(text);
        Self(Arc::new(Contents { kind, tag, bytes }))
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let Contents { kind, tag, bytes } = &*self.0;
        let known = headers.get(header::IF_NONE_MATCH);
        let mut response = match known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Response::new(Body::from(bytes.clone())),
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let policy = HeaderValue::from_static(POLICY);
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        if let Ok(tag) = HeaderValue::from_str(tag) {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}
