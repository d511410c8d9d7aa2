//! Reads a request head from bytes, strictly. Pure.
//!
//! `httparse` reads the grammar. What it lets through, and two servers could understand in two
//! ways, is refused here: bare line feeds, two lengths, two hosts, a target that names another
//! host.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use contract::Domain;
use httparse::{Error, Header, Status};
use memchr::{memchr, memchr_iter};

use crate::head::{BadHead, MAX_HEAD, is_too_long};
use crate::visit::Fields;

/// Most header fields of a head. Browsers send about 20.
pub(crate) const MAX_FIELDS: usize = 64;

/// Room for the fields of one head. 2 KiB: it is not worth being cleared for each request.
pub(crate) type FieldStorage<'b> = [MaybeUninit<Header<'b>>; MAX_FIELDS];

/// Empty room.
pub(crate) fn storage<'b>() -> FieldStorage<'b> {
    [const { MaybeUninit::uninit() }; MAX_FIELDS]
}

/// A request head that may be acted upon. Borrows from the connection's buffer.
#[derive(Debug)]
pub(crate) struct Request<'h, 'b> {
    pub(crate) method: &'b str,
    /// As it was sent: nothing is decoded.
    pub(crate) path: &'b str,
    /// Without the question mark; empty if there is none.
    pub(crate) query: &'b str,
    /// In normal form.
    pub(crate) domain: Cow<'b, str>,
    pub(crate) fields: RawFields<'h, 'b>,
    pub(crate) body: Body,
    /// The client asks to go on in another protocol.
    pub(crate) is_upgrade: bool,
    /// The client expects the connection to end with the answer.
    pub(crate) wants_close: bool,
}

/// What follows the head and belongs to the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    Empty,
    /// So many bytes.
    Sized(u64),
    /// As many as its own marks say.
    Chunked,
}

impl Request<'_, '_> {
    /// How many bytes this request takes, of which `head` are the head's. `None`: only whoever
    /// reads all of it can tell.
    pub(crate) fn extent(&self, head: usize) -> Option<u64> {
        match self.body {
            _ if self.is_upgrade => None,
            Body::Empty => Some(head as u64),
            Body::Sized(length) => length.checked_add(head as u64),
            Body::Chunked => None,
        }
    }
}

/// What the bytes so far are.
#[derive(Debug)]
pub(crate) enum Parsed<'h, 'b> {
    /// The beginning of a head, so far.
    Partial,
    /// A head, and how many bytes it takes.
    Complete(Request<'h, 'b>, usize),
}

/// The fields of a head, in the order they were sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawFields<'h, 'b>(&'h [Header<'b>]);

impl<'b> RawFields<'_, 'b> {
    fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = &'b [u8]> {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value)
    }

    /// The value of a field that may appear once at most.
    fn at_most_one(&self, name: &str) -> Result<Option<&'b [u8]>, BadHead> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(BadHead::Malformed),
        }
    }
}

impl Fields for RawFields<'_, '_> {
    fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|field| (field.name, field.value))
    }

    fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        RawFields::all(self, name)
    }
}

/// Reads the head at the beginning of `bytes`.
pub(crate) fn parse<'h, 'b>(
    bytes: &'b [u8],
    storage: &'h mut FieldStorage<'b>,
    default_domain: &'b Domain,
) -> Result<Parsed<'h, 'b>, BadHead> {
    let mut head = httparse::Request::new(&mut []);
    let length = match head.parse_with_uninit_headers(bytes, storage) {
        Ok(Status::Complete(length)) if length <= MAX_HEAD => length,
        Ok(Status::Partial) if bytes.len() < MAX_HEAD => return Ok(Parsed::Partial),
        Ok(_) | Err(Error::TooManyHeaders) => return Err(BadHead::TooLarge),
        Err(_) => return Err(BadHead::Malformed),
    };
    let (Some(method), Some(target), Some(version)) = (head.method, head.path, head.version) else {
        return Err(BadHead::Malformed);
    };
    if has_bare_line_feed(&bytes[..length]) {
        return Err(BadHead::Malformed);
    }
    let fields = RawFields(head.headers);
    let is_http_1_0 = version == 0;
    let body = body(&fields, is_http_1_0)?;
    let host = fields.at_most_one("host")?;
    let domain = domain(host, is_http_1_0, default_domain)?;
    let (path, query) = split(target, host)?;
    if is_too_long(path) {
        return Err(BadHead::PathTooLong);
    }
    let wants_close = is_http_1_0 || fields.all("connection").any(names_close);
    let request = Request {
        method,
        path,
        query,
        domain,
        fields,
        body,
        is_upgrade: fields.all("upgrade").next().is_some(),
        wants_close,
    };
    Ok(Parsed::Complete(request, length))
}

/// Method and path of a head that was refused, as far as they can be told. They decide in which form that
/// is answered, and nothing else.
pub(crate) fn guess(bytes: &[u8]) -> (&[u8], &[u8]) {
    let line = bytes.split(|&byte| byte == b'\n').next();
    let words = line.unwrap_or_default().split(u8::is_ascii_whitespace);
    let mut words = words.filter(|word| !word.is_empty());
    let method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    let relative = match target.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case(b"http://") => {
            let rest = &target[7..];
            &rest[memchr(b'/', rest).unwrap_or(rest.len())..]
        }
        _ => target,
    };
    let path = relative.split(|byte| b"?#".contains(byte)).next();
    (method, path.unwrap_or_default())
}

/// A line that ends without a carriage return is one line to us, and two or none to others.
fn has_bare_line_feed(head: &[u8]) -> bool {
    memchr_iter(b'\n', head).any(|end| !head[..end].ends_with(b"\r"))
}

/// How the body is framed must be beyond doubt, also where the body is not read.
fn body(fields: &RawFields<'_, '_>, is_http_1_0: bool) -> Result<Body, BadHead> {
    let length = fields.at_most_one("content-length")?;
    let encoding = fields.at_most_one("transfer-encoding")?;
    match (length, encoding) {
        (None, None) => Ok(Body::Empty),
        (Some(digits), None) => match length_of(digits) {
            Some(0) => Ok(Body::Empty),
            Some(length) => Ok(Body::Sized(length)),
            None => Err(BadHead::Malformed),
        },
        (None, Some(encoding)) if !is_http_1_0 && encoding.eq_ignore_ascii_case(b"chunked") => {
            Ok(Body::Chunked)
        }
        _ => Err(BadHead::Malformed),
    }
}

/// Digits and nothing else; 19 of them fit into 64 bits.
fn length_of(digits: &[u8]) -> Option<u64> {
    if !(1..=19).contains(&digits.len()) {
        return None;
    }
    digits.iter().try_fold(0, |length, digit| {
        let is_digit = digit.is_ascii_digit();
        is_digit.then(|| length * 10 + u64::from(digit - b'0'))
    })
}

/// HTTP/1.0 may leave out the host, and then means the default domain.
fn domain<'b>(
    host: Option<&'b [u8]>,
    is_http_1_0: bool,
    default_domain: &'b Domain,
) -> Result<Cow<'b, str>, BadHead> {
    let Some(host) = host else {
        return match is_http_1_0 {
            true => Ok(Cow::Borrowed(default_domain.as_str())),
            false => Err(BadHead::Malformed),
        };
    };
    let host = std::str::from_utf8(host).map_err(|_| BadHead::Malformed)?;
    Domain::from_host_header(host, default_domain).map_err(|_| BadHead::Malformed)
}

/// Path and query of a target in origin form, or in absolute form for the same host.
fn split<'b>(target: &'b str, host: Option<&[u8]>) -> Result<(&'b str, &'b str), BadHead> {
    // A fragment stays with the client; some cut it off, with the query behind it.
    if target.contains('#') {
        return Err(BadHead::Malformed);
    }
    let relative = match target.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("http://") => {
            let rest = &target[7..];
            let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            if !host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_bytes())) {
                return Err(BadHead::Malformed);
            }
            path
        }
        _ => target,
    };
    Ok(match memchr(b'?', relative.as_bytes()) {
        Some(mark) => (&relative[..mark], &relative[mark + 1..]),
        None => (relative, ""),
    })
}

fn names_close(value: &[u8]) -> bool {
    value
        .split(|&byte| byte == b',')
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Method, path, query, domain and flags, or why not; `None` while it is not complete.
    fn read(bytes: &str) -> Result<Option<String>, BadHead> {
        let default = "localhost".parse().unwrap();
        let mut storage = storage();
        Ok(match parse(bytes.as_bytes(), &mut storage, &default)? {
            Parsed::Partial => None,
            Parsed::Complete(request, length) => {
                assert_eq!(length, bytes.find("\r\n\r\n").unwrap() + 4);
                let Request {
                    method,
                    path,
                    query,
                    domain,
                    ..
                } = &request;
                let body = match request.body {
                    Body::Empty => String::new(),
                    Body::Sized(length) => format!(" body {length}"),
                    Body::Chunked => " body chunked".to_owned(),
                };
                let close = if request.wants_close { " close" } else { "" };
                Some(format!("{method} {domain} {path} ?{query}{body}{close}"))
            }
        })
    }

    fn with(line: &str, fields: &str) -> Result<Option<String>, BadHead> {
        read(&format!("{line}\r\nHost: go.example.com\r\n{fields}\r\n"))
    }

    #[test]
    fn an_ordinary_head_is_read_as_sent() {
        let head = "GET /aB-9?a=b&c HTTP/1.1\r\nhOst: Go.Example.com:8080\r\nX: y\r\n\r\n";
        assert_eq!(
            read(head),
            Ok(Some("GET go.example.com /aB-9 ?a=b&c".into()))
        );
        for end in 1..head.len() {
            assert_eq!(read(&head[..end]), Ok(None), "cut at {end}");
        }
        let two = format!("{head}GET /next HTTP/1.1\r\n");
        assert!(
            matches!(read(&two), Ok(Some(_))),
            "what follows is another request's"
        );
    }

    #[test]
    fn connections_end_when_the_client_says_so() {
        let line = "GET /a HTTP/1.1";
        for field in ["Connection: close\r\n", "connection: x , CLOSE\r\n"] {
            assert_eq!(
                with(line, field),
                Ok(Some("GET go.example.com /a ? close".into()))
            );
        }
        assert_eq!(
            with(line, "Connection: closed\r\n"),
            Ok(Some("GET go.example.com /a ?".into()))
        );
        assert_eq!(
            read("GET /a HTTP/1.0\r\n\r\n"),
            Ok(Some("GET localhost /a ? close".into()))
        );
    }

    #[test]
    fn bodies_are_noticed_and_doubtful_framing_is_refused() {
        let line = "POST /a HTTP/1.1";
        for (field, body) in [
            ("Content-Length: 3\r\n", "3"),
            (
                "Content-Length: 9999999999999999999\r\n",
                "9999999999999999999",
            ),
            ("Transfer-Encoding: Chunked\r\n", "chunked"),
        ] {
            let expected = format!("POST go.example.com /a ? body {body}");
            assert_eq!(with(line, field), Ok(Some(expected)));
        }
        assert_eq!(
            with(line, "Content-Length: 00\r\n"),
            Ok(Some("POST go.example.com /a ?".into()))
        );
        for fields in [
            "Content-Length: -1\r\n",
            "Content-Length: +1\r\n",
            "Content-Length: 1, 1\r\n",
            "Content-Length: 0x1\r\n",
            "Content-Length:\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length: 1\r\nContent-Length: 1\r\n",
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        ] {
            assert_eq!(with(line, fields), Err(BadHead::Malformed), "{fields:?}");
        }
        let old = "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(read(old), Err(BadHead::Malformed));
    }

    #[test]
    fn heads_that_two_servers_could_read_in_two_ways_are_refused() {
        for head in [
            "GET /a HTTP/1.1\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost:\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n",
            "GET /a HTTP/1.1\nHost: a\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\n\n",
            "GET /a HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
            "GET /a HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET /a\r\nHost: a\r\n\r\n",
            "GET  /a HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http://b/a HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http://a@b/a HTTP/1.1\r\nHost: b\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET /a#b?c HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            assert_eq!(read(head), Err(BadHead::Malformed), "{head:?}");
        }
    }

    #[test]
    fn absolute_form_is_understood_for_the_same_host() {
        for target in ["http://go.example.com/a?b", "HTTP://GO.example.com/a?b"] {
            let read = with(&format!("GET {target} HTTP/1.1"), "");
            assert_eq!(
                read,
                Ok(Some("GET go.example.com /a ?b".into())),
                "{target}"
            );
        }
        let rootless = with("GET http://go.example.com?b HTTP/1.1", "");
        assert_eq!(rootless, Ok(Some("GET go.example.com  ?b".into())));
    }

    #[test]
    fn what_is_too_long_is_refused_before_it_is_complete() {
        let long = "x".repeat(MAX_HEAD);
        assert_eq!(
            read(&format!("GET /a HTTP/1.1\r\nX: {long}")),
            Err(BadHead::TooLarge)
        );
        assert_eq!(
            with("GET /a HTTP/1.1", &format!("X: {long}\r\n")),
            Err(BadHead::TooLarge)
        );
        assert_eq!(
            with("GET /a HTTP/1.1", &"X: y\r\n".repeat(MAX_FIELDS)),
            Err(BadHead::TooLarge)
        );
        let path = "x".repeat(2 * 1024);
        assert_eq!(
            with(&format!("GET /{path} HTTP/1.1"), ""),
            Err(BadHead::PathTooLong)
        );
        let longest = "x".repeat(MAX_HEAD - 100);
        for target in [format!("/api/{longest}"), format!("/a?{longest}")] {
            let read = with(&format!("GET {target} HTTP/1.1"), "");
            assert!(matches!(read, Ok(Some(_))), "{read:?}");
        }
    }

    #[test]
    fn what_was_refused_still_says_what_it_was_for() {
        for (head, method, path) in [
            (
                "GET /api/v1/links?x#y HTTP/1.1\nHost: a",
                "GET",
                "/api/v1/links",
            ),
            ("HEAD  /api/\u{e9}\tHTTP/1.1\r\n", "HEAD", "/api/\u{e9}"),
            ("GET http://b/api/x HTTP/1.1\r\n", "GET", "/api/x"),
            ("GET http://b", "GET", ""),
            ("GET /api/x", "GET", "/api/x"),
            ("/api/x\r\n", "/api/x", ""),
            ("\r\n", "", ""),
            ("", "", ""),
        ] {
            assert_eq!(guess(head.as_bytes()), (method.as_bytes(), path.as_bytes()));
        }
    }
}
