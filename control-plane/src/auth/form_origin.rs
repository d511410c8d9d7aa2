//! Whether a form was sent from a page of ours.

use axum::http::{HeaderMap, header};

/// Whether the browser says that one of our own pages sent the form. Programs, which say nothing,
/// have no cookies of a visitor's to misuse.
///
/// `host` is the address that the visitor asked for, with its port.
pub fn is_from_our_page(headers: &HeaderMap, host: &str) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    // Sent to secure addresses only.
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin" || site == "none";
    }
    match text(header::ORIGIN) {
        Some(origin) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
        }
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn only_our_own_pages_are_believed() {
        for (name, value, expected) in [
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "none", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "cross-site", false),
            ("sec-fetch-site", "", false),
            ("origin", "https://go.example.org:8443", true),
            ("origin", "http://GO.example.org:8443", true),
            ("origin", "https://go.example.org", false),
            ("origin", "https://evil.example", false),
            ("origin", "null", false),
            ("user-agent", "curl", true),
        ] {
            let name = HeaderName::from_static(name);
            let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(value))]);
            let found = is_from_our_page(&headers, "go.example.org:8443");
            assert_eq!(found, expected, "{name}: {value}");
        }
    }
}
