//! What a request head must look like before anybody acts on it, where the HTTP library has read it.
//!
//! A head of HTTP/1 has passed the front, which is stricter. The fields of HTTP/2 come separately
//! and cannot be framed in two ways; the library refuses two hosts, and what is too long in all.

use std::borrow::Cow;

use contract::Domain;
use http::{HeaderMap, Uri, Version, header};

/// Longest head, in bytes. Browsers send below 8 KiB even with many cookies.
pub(crate) const MAX_HEAD: usize = 16 * 1024;

/// Longest path, in bytes, without the query.
pub(crate) const MAX_PATH: usize = 2 * 1024;

/// A parsed head.
pub(crate) struct Head<'a> {
    pub(crate) version: Version,
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
    ///
    /// HTTP/1.0 may leave out the host, and then means the default domain.
    pub(crate) fn check(&self, default_domain: &'a Domain) -> Result<Cow<'a, str>, BadHead> {
        if self.uri.path().len() > MAX_PATH {
            return Err(BadHead::PathTooLong);
        }
        let name = match self.host()? {
            Some(host) => host,
            None if self.version == Version::HTTP_10 => {
                return Ok(Cow::Borrowed(default_domain.as_str()));
            }
            None => return Err(BadHead::Malformed),
        };
        Domain::from_host_header(name, default_domain).map_err(|_| BadHead::Malformed)
    }

    /// HTTP/2 may say it in either of two places; both at once must be the same.
    fn host(&self) -> Result<Option<&'a str>, BadHead> {
        let mut hosts = self.headers.get_all(header::HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (None, _) => None,
            (Some(host), None) => Some(host.to_str().map_err(|_| BadHead::Malformed)?),
            _ => return Err(BadHead::Malformed),
        };
        let authority = self.uri.authority().map(|authority| authority.as_str());
        match (host, authority) {
            (Some(host), Some(authority)) if !host.eq_ignore_ascii_case(authority) => {
                Err(BadHead::Malformed)
            }
            _ if self.version == Version::HTTP_2 => Ok(authority.or(host)),
            _ => Ok(host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn check(version: Version, uri: &str, hosts: &[&str]) -> Result<String, BadHead> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_str(host).unwrap());
        }
        let head = Head {
            version,
            uri: &uri.parse().unwrap(),
            headers: &headers,
        };
        head.check(&"localhost".parse().unwrap())
            .map(Cow::into_owned)
    }

    #[test]
    fn the_host_names_the_domain() {
        let ok = |host| check(Version::HTTP_11, "/abc", &[host]);
        assert_eq!(ok("Go.Example.com:8080"), Ok("go.example.com".into()));
        assert_eq!(ok("127.0.0.1:8080"), Ok("localhost".into()));
        assert_eq!(ok("a b"), Err(BadHead::Malformed));
        assert_eq!(ok(""), Err(BadHead::Malformed));
    }

    #[test]
    fn only_http_1_0_may_omit_the_host() {
        let none = |version| check(version, "/abc", &[]);
        assert_eq!(none(Version::HTTP_10), Ok("localhost".into()));
        assert_eq!(none(Version::HTTP_11), Err(BadHead::Malformed));
        assert_eq!(none(Version::HTTP_2), Err(BadHead::Malformed));
        let two = check(Version::HTTP_11, "/abc", &["a", "a"]);
        assert_eq!(two, Err(BadHead::Malformed));
    }

    #[test]
    fn http_2_has_two_places_for_the_same_name() {
        let asked = |uri, hosts: &[&str]| check(Version::HTTP_2, uri, hosts);
        let domain = Ok("go.example.com".to_owned());
        assert_eq!(asked("http://go.example.com/abc", &[]), domain);
        assert_eq!(asked("/abc", &["go.example.com"]), domain);
        let both = asked("https://go.example.com:8443/abc", &["go.example.com:8443"]);
        assert_eq!(both, domain);
        let two = asked("http://go.example.com/abc", &["example.com"]);
        assert_eq!(two, Err(BadHead::Malformed));
    }

    #[test]
    fn long_paths_are_refused() {
        let path = format!("/{}", "x".repeat(MAX_PATH));
        let checked = check(Version::HTTP_11, &path, &["a"]);
        assert_eq!(checked, Err(BadHead::PathTooLong));
    }
}
