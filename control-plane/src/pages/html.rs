//! The frame of all pages.

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::Error;

const HTML: &str = "text/html; charset=utf-8";

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:1.05rem/1.5 system-ui,sans-serif;margin:12vh auto;max-width:34rem;padding:0 1rem}\
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}\
.address{overflow-wrap:anywhere}\
.alert{color:#b3261e;color:light-dark(#b3261e,#ffb4ab)}\
label{display:block;margin:0 0 .25rem}\
input,button{font:inherit;padding:.5rem .75rem}\
input{box-sizing:border-box;width:100%;margin:0 0 1rem}\
input[type=radio]{width:auto}\
img{max-width:100%;max-height:20rem}";

/// What a page may do: look as [`STYLE`] says, and nothing else. Nobody may put it into a frame.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = service::style_source(STYLE);
    format!("default-src 'none'; style-src {style}; base-uri 'none'; frame-ancestors 'none'")
});

/// What a page may do besides.
#[derive(Debug, Clone, Copy)]
pub(super) enum May {
    /// Nothing.
    Nothing,
    /// Send its form. Browsers of Chrome's and Safari's kind apply the rule to all redirects
    /// that follow, up to the link's target, which may be anywhere: `'self'` alone would leave
    /// the visitor stuck on the form.
    SendForms,
    /// Show a picture from anywhere.
    ShowPictures,
}

/// A whole page. `content` is HTML: what is put into it must be [`escaped`].
pub(super) fn page(status: StatusCode, title: &str, content: &str, may: May) -> Response {
    let title = escaped(title);
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n\
         <main>\n<h1>{title}</h1>\n{content}</main>\n</html>\n"
    );
    let besides = match may {
        May::Nothing => "form-action 'none'",
        May::SendForms => "form-action 'self' http: https:",
        May::ShowPictures => "form-action 'none'; img-src http: https:",
    };
    let policy = format!("{}; {besides}", *POLICY);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A page that is a sentence.
pub(super) fn sentence(status: StatusCode, text: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    page(
        status,
        title,
        &format!("<p>{}</p>\n", escaped(text)),
        May::Nothing,
    )
}

/// There is no such link, or nothing to say about it.
pub(super) fn not_found() -> Response {
    let text = "There is nothing here. Check the link for a typing error.";
    sentence(StatusCode::NOT_FOUND, text)
}

/// The visit is for the proxy, which will know in a moment. Browsers come again by themselves.
pub(super) fn again_in_a_moment() -> Response {
    let text = "This link was changed a moment ago. This page will look again.";
    let mut response = sentence(StatusCode::SERVICE_UNAVAILABLE, text);
    for name in [header::RETRY_AFTER, header::REFRESH] {
        let seconds = HeaderValue::from_static("1");
        response.headers_mut().insert(name, seconds);
    }
    response
}

/// Something went wrong. What, is in the log.
pub(super) fn failed(error: Error) -> Response {
    // The problem that a client of the API would get is not for people.
    let problem = error.into_response();
    let mut response = sentence(
        problem.status(),
        "This did not work. Please try again in a moment.",
    );
    if let Some(wait) = problem.headers().get(header::RETRY_AFTER) {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, wait.clone());
    }
    response
}

/// Text that cannot be taken for markup, within quotes or without.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
