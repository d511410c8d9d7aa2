//! The built console, embedded in the binary and served below `/console/`.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};

/// Scripts and styles from here only. What React and the chart library set on elements goes past the
/// parser, and is no inline style; what else would write one is taken out in `console/vite.config.ts`.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data:; \
     object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// Without `make console` the folder is missing and the binary builds all the same.
#[derive(RustEmbed)]
#[folder = "../console/dist"]
#[allow_missing = true]
struct Files;

/// `/` leads to the console; below it every unknown path is a page of the application.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/console/") }))
        .route(
            "/console",
            get(|| async { Redirect::temporary("/console/") }),
        )
        .route(
            "/console/",
            get(|headers: HeaderMap| async move { page(&headers) }),
        )
        .route("/console/{*path}", get(file))
}

async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match Files::get(&path) {
        Some(file) => respond(&path, file, &headers),
        // A missing script must not be answered with a page.
        None if path.starts_with("assets/") => StatusCode::NOT_FOUND.into_response(),
        None => page(&headers),
    }
}

fn page(headers: &HeaderMap) -> Response {
    match Files::get("index.html") {
        Some(file) => respond("index.html", file, headers),
        None => {
            let message =
                "The console is not part of this build. Run `make console`, then build again.\n";
            (StatusCode::NOT_FOUND, message).into_response()
        }
    }
}

fn respond(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let etag: String = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let etag = format!("\"{etag}\"");
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Response::new(Body::from(file.data)),
    };
    // Names below assets/ contain a hash of the content.
    let cache = match path.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let content_type = mime_guess::from_path(path).first_or_octet_stream();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_SECURITY_POLICY),
    );
    for (name, value) in [
        (header::ETAG, etag.as_str()),
        (header::CONTENT_TYPE, content_type.as_ref()),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}
