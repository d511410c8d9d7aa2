//! What a request head must look like before anybody acts on it.
//!
//! The HTTP library has parsed it already, and refused what it could not parse. These are the
//! things it lets through, and that are ambiguous between two servers or too large for one.

use contract::Domain;
use http::{HeaderMap, Version, header};

/// Longest head, in bytes. Browsers send below 8 KiB even with many cookies.
pub(crate) const MAX_HEAD: usize = 16 * 1024;

/// Longest path, in bytes, without the query.
pub(crate) const MAX_PATH: usize = 2 * 1024;

/// A parsed head, with the bytes it was parsed from.
pub(crate) struct Head<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) version: Version,
    pub(crate) path: &'a str,
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

impl Head<'_> {
    /// The domain asked for, if the head is acceptable.
    ///
    /// HTTP/1.0 may leave out the host, and then means the default domain.
    pub(crate) fn check(&self, default_domain: &Domain) -> Result<Domain, BadHead> {
        if self.raw.len() > MAX_HEAD {
            return Err(BadHead::TooLarge);
        }
        if self.path.len() > MAX_PATH {
            return Err(BadHead::PathTooLong);
        }
        if has_bare_line_feed(self.raw) || self.has_two_lengths() {
            return Err(BadHead::Malformed);
        }
        let mut hosts = self.headers.get_all(header::HOST).iter();
        match (hosts.next(), hosts.next()) {
            (None, _) if self.version == Version::HTTP_10 => Ok(default_domain.clone()),
            (Some(host), None) => {
                let host = host.to_str().map_err(|_| BadHead::Malformed)?;
                let name = Domain::from_host_header(host, default_domain);
                let name = name.map_err(|_| BadHead::Malformed)?;
                name.parse().map_err(|_| BadHead::Malformed)
            }
            _ => Err(BadHead::Malformed),
        }
    }

    /// Both a length and a chunked body. The library has removed the length by now; what it was
    /// sent in tells.
    fn has_two_lengths(&self) -> bool {
        self.headers.contains_key(header::TRANSFER_ENCODING)
            && self.raw.split(|&byte| byte == b'\n').any(|line| {
                let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
                name.eq_ignore_ascii_case(b"content-length")
            })
    }
}

fn has_bare_line_feed(raw: &[u8]) -> bool {
    let mut before = 0;
    raw.iter()
        .any(|&byte| std::mem::replace(&mut before, byte) != b'\r' && byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn check(
        raw: &str,
        version: Version,
        headers: &[(&'static str, &str)],
    ) -> Result<String, BadHead> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let head = Head {
            raw: raw.as_bytes(),
            version,
            path: "/abc",
            headers: &map,
        };
        head.check(&"localhost".parse().unwrap())
            .map(|domain| domain.as_str().to_owned())
    }

    const LINE: &str = "GET /abc HTTP/1.1\r\n\r\n";

    #[test]
    fn the_host_names_the_domain() {
        let ok = |host| check(LINE, Version::HTTP_11, &[("host", host)]);
        assert_eq!(ok("Go.Example.com:8080"), Ok("go.example.com".into()));
        assert_eq!(ok("127.0.0.1:8080"), Ok("localhost".into()));
        assert_eq!(ok("a b"), Err(BadHead::Malformed));
        assert_eq!(ok(""), Err(BadHead::Malformed));
    }

    #[test]
    fn only_http_1_0_may_omit_the_host() {
        assert_eq!(check(LINE, Version::HTTP_10, &[]), Ok("localhost".into()));
        assert_eq!(check(LINE, Version::HTTP_11, &[]), Err(BadHead::Malformed));
        let two = [("host", "a"), ("host", "a")];
        assert_eq!(check(LINE, Version::HTTP_11, &two), Err(BadHead::Malformed));
    }

    #[test]
    fn ambiguous_framing_is_refused() {
        let host = [("host", "localhost"), ("transfer-encoding", "chunked")];
        let both = "POST / HTTP/1.1\r\nContent-length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(
            check(both, Version::HTTP_11, &host),
            Err(BadHead::Malformed)
        );
        assert!(check(LINE, Version::HTTP_11, &host).is_ok());
        let bare = "GET /abc HTTP/1.1\nHost: localhost\r\n\r\n";
        assert_eq!(
            check(bare, Version::HTTP_11, &host[..1]),
            Err(BadHead::Malformed)
        );
    }

    #[test]
    fn large_heads_are_refused() {
        let large = "x".repeat(MAX_HEAD + 1);
        let host = [("host", "localhost")];
        assert_eq!(
            check(&large, Version::HTTP_11, &host),
            Err(BadHead::TooLarge)
        );
    }
}
