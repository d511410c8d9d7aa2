//! Whether a request was caused by a page of ours.

use axum::http::{HeaderMap, header};

/// Whether nothing that the browser says is against it: neither `Sec-Fetch-Site`, which it sends to secure
/// addresses only, nor `Origin`. Programs, which say nothing, have no cookies of a visitor's to misuse.
///
/// `hosts` are our own, with their ports: the one that was asked for, and others that it may be called in
/// front of us.
pub fn is_from_our_page(headers: &HeaderMap, hosts: &[&str]) -> bool {
    let is_same_site = |site: &str| site == "same-origin" || site == "none";
    let is_ours = |origin: &str| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        let is_it = |host: &&str| authority.is_some_and(|it| it.eq_ignore_ascii_case(host));
        hosts.iter().any(is_it)
    };
    all(headers, "sec-fetch-site", is_same_site) && all(headers, header::ORIGIN.as_str(), is_ours)
}

fn all(headers: &HeaderMap, name: &str, is_good: impl Fn(&str) -> bool) -> bool {
    let mut values = headers.get_all(name).iter();
    values.all(|value| value.to_str().is_ok_and(&is_good))
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
            ("origin", "https://console.example.org", true),
            ("origin", "https://go.example.org", false),
            ("origin", "https://go.example.org:8443.evil.example", false),
            ("origin", "https://evil.example", false),
            ("origin", "null", false),
            ("user-agent", "curl", true),
        ] {
            let name = HeaderName::from_static(name);
            let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(value))]);
            let hosts = ["go.example.org:8443", "console.example.org"];
            let found = is_from_our_page(&headers, &hosts);
            assert_eq!(found, expected, "{name}: {value}");
        }
    }

    #[test]
    fn nothing_that_the_browser_says_may_be_against_it() {
        let mut headers = HeaderMap::new();
        headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        headers.append("origin", HeaderValue::from_static("https://go.example.org"));
        assert!(is_from_our_page(&headers, &["go.example.org"]));
        headers.append("origin", HeaderValue::from_static("https://evil.example"));
        assert!(!is_from_our_page(&headers, &["go.example.org"]));
    }
}
