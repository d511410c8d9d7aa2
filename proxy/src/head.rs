//! What a request's head must look like before anybody acts on it.
//!
//! The front reads heads of HTTP/1. Those of HTTP/2 are read by the HTTP library, and checked here:
//! their fields come separately and cannot be framed in two ways; the library refuses two hosts,
//! and what is too long in all.

use std::borrow::Cow;

use contract::Domain;
use http::{HeaderMap, Uri, header};

use crate::route::is_api;

/// Longest head, in bytes. Browsers send below 8 KiB even with many cookies.
pub(crate) const MAX_HEAD: usize = 16 * 1024;

/// Longest path, in bytes, without the query. Links and pages have short ones. The API's may be as long as
/// a head: an external id of 255 characters has 9 bytes for each of them, and more for rare ones.
const MAX_PATH: usize = 2 * 1024;

/// Whether a path is longer than it may be.
pub(crate) fn is_too_long(path: &str) -> bool {
    path.len() > MAX_PATH && !is_api(path.as_bytes())
}

/// A parsed head of HTTP/2.
pub(crate) struct Head<'a> {
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
}

/// Why a head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadHead {
    /// 400: two servers could read it in two ways, or it lacks something.
    Malformed,
    /// 414: the path is too long.
    PathTooLong,
    /// 431: all of it is too long.
    TooLarge,
}

impl<'a> Head<'a> {
    /// The domain asked for, if the head is acceptable.
    pub(crate) fn check(&self, default_domain: &'a Domain) -> Result<Cow<'a, str>, BadHead> {
        if is_too_long(self.uri.path()) {
            return Err(BadHead::PathTooLong);
        }
        let name = self.host().ok_or(BadHead::Malformed)?;
        Domain::from_host_header(name, default_domain).map_err(|_| BadHead::Malformed)
    }

    /// It may be said in either of two places; in both, it must be the same.
    fn host(&self) -> Option<&'a str> {
        let mut hosts = self.headers.get_all(header::HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (None, _) => None,
            (Some(host), None) => Some(host.to_str().ok()?),
            _ => return None,
        };
        let authority = self.uri.authority().map(|authority| authority.as_str());
        match (host, authority) {
            (Some(host), Some(authority)) => host.eq_ignore_ascii_case(authority).then_some(host),
            _ => authority.or(host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn check(uri: &str, hosts: &[&str]) -> Result<String, BadHead> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_str(host).unwrap());
        }
        let head = Head {
            uri: &uri.parse().unwrap(),
            headers: &headers,
        };
        head.check(&"localhost".parse().unwrap())
            .map(Cow::into_owned)
    }

    #[test]
    fn the_host_names_the_domain() {
        let domain = Ok("go.example.com".to_owned());
        assert_eq!(check("http://Go.example.com:8443/abc", &[]), domain);
        assert_eq!(check("/abc", &["go.example.com"]), domain);
        assert_eq!(
            check("http://127.0.0.1:8080/abc", &[]),
            Ok("localhost".into())
        );
        let both = check("https://go.example.com:8443/abc", &["go.example.com:8443"]);
        assert_eq!(both, domain);
    }

    #[test]
    fn a_host_that_is_none_or_two_is_refused() {
        for (uri, hosts) in [
            ("/abc", &[][..]),
            ("/abc", &["a", "a"]),
            ("/abc", &["a b"]),
            ("/abc", &[""]),
            ("http://a..b/abc", &[]),
            ("http://go.example.com/abc", &["example.com"]),
        ] {
            assert_eq!(
                check(uri, hosts),
                Err(BadHead::Malformed),
                "{uri} {hosts:?}"
            );
        }
    }

    #[test]
    fn long_paths_are_refused_unless_they_are_the_apis() {
        let long = "x".repeat(MAX_PATH);
        for path in [format!("/{long}"), format!("/apis/{long}")] {
            assert_eq!(check(&path, &["a"]), Err(BadHead::PathTooLong));
        }
        assert_eq!(check(&format!("/api/{long}"), &["a"]), Ok("a".into()));
        assert_eq!(check(&format!("/abc?{long}"), &["a"]), Ok("a".into()));
    }
}
