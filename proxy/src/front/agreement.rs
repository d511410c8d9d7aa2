//! Whether others read a request as we do. For tests and for the fuzzer.
//!
//! A request that the control plane answers is read three times: here, by the HTTP library, and by
//! the control plane. Where two of them see different requests in the same bytes, a visitor can
//! hide one from the other.

use futures_util::FutureExt;
use http::header;
use pingora::http::RequestHeader;
use pingora::protocols::http::v1::server::HttpSession;

use super::request::{Body, Parsed, Request, parse, storage};

/// What became of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// We do not take them for a request.
    Refused,
    /// We do, and the HTTP library does not: it closes the connection.
    RefusedByTheOther,
    /// Both see the same request.
    Agreed,
}

/// Reads the bytes with each.
///
/// # Panics
/// When they can be read as two different requests.
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "it is a test")]
pub fn compare(bytes: &[u8]) -> Verdict {
    let default_domain = "localhost".parse().expect("a domain");
    let mut fields = storage();
    let Ok(Parsed::Complete(ours, length)) = parse(bytes, &mut fields, &default_domain) else {
        return Verdict::Refused;
    };
    let mut headers = [httparse::EMPTY_HEADER; 256];
    let mut plain = httparse::Request::new(&mut headers);
    assert_eq!(plain.parse(bytes), Ok(httparse::Status::Complete(length)));
    assert_eq!(plain.method, Some(ours.method));

    let mut session = HttpSession::new(Box::new(std::io::Cursor::new(bytes.to_vec())));
    // All bytes are there, so nothing is waited for.
    let read = session.read_request().now_or_never().expect("it is read");
    let Ok(Some(theirs)) = read else {
        return Verdict::RefusedByTheOther;
    };
    assert_eq!(theirs, length, "where the head ends");
    let target = plain.path.unwrap().as_bytes();
    same_head(&ours, target, plain.headers, session.req_header());
    assert_eq!(
        session.is_upgrade_req(),
        ours.is_upgrade && plain.version == Some(1)
    );

    let behind = &bytes[length..];
    assert_eq!(session.is_body_empty(), ours.body == Body::Empty);
    if let Body::Sized(size) = ours.body {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let expected = &behind[..size.min(behind.len())];
        let mut body = Vec::new();
        // It ends with an error where bytes are missing.
        while let Some(Ok(Some(part))) = session.read_body_bytes().now_or_never() {
            body.extend_from_slice(&part);
        }
        assert_eq!(body, expected, "where the body ends");
    }
    Verdict::Agreed
}

#[allow(clippy::unwrap_used, reason = "it is a test")]
fn same_head(
    ours: &Request<'_, '_>,
    target: &[u8],
    fields: &[httparse::Header<'_>],
    theirs: &RequestHeader,
) {
    assert_eq!(theirs.method.as_str(), ours.method);
    assert_eq!(theirs.raw_path(), target, "the target goes on as it came");
    let (path, query) = (ours.path, ours.query);
    let ends = [path.to_owned(), format!("{path}?{query}")];
    assert!(ends.iter().any(|end| target.ends_with(end.as_bytes())));

    let hosts: Vec<_> = theirs.headers.get_all(header::HOST).iter().collect();
    assert!(hosts.len() <= 1, "{hosts:?}");
    for host in hosts {
        let named = host.to_str().unwrap().to_ascii_lowercase();
        let is_loopback = &*ours.domain == "localhost";
        assert!(is_loopback || named.starts_with(&*ours.domain), "{named}");
    }
    assert_eq!(theirs.headers.len(), fields.len());
    for field in fields {
        let mut values = theirs.headers.get_all(field.name).iter();
        let name = field.name;
        assert!(
            values.any(|value| value.as_bytes() == field.value),
            "{name}"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::path::Path;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

    use super::*;

    /// What the fuzzer starts from.
    fn seeds() -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/head");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        files
            .iter()
            .map(|file| std::fs::read(file).unwrap())
            .collect()
    }

    /// Pieces that readers of heads differ about.
    const PIECES: &[&str] = &[
        "\r\n",
        "\n",
        "\r",
        "\r\n\r\n",
        "\n\n",
        " ",
        "\t",
        "\0",
        "\x0b",
        "\u{e9}",
        ":",
        ",",
        ";",
        "?",
        "#",
        "/",
        "//",
        "%0d%0a",
        "\\",
        "@",
        "Host: a\r\n",
        "Host : a\r\n",
        "host:a\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 0\r\n",
        "Content-Length:+5\r\n",
        "Content-Length: 5, 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Connection: close\r\n",
        "Upgrade: websocket\r\n",
        "Expect: 100-continue\r\n",
        " folded\r\n",
        "X: y\r\n",
        "GET / HTTP/1.1\r\n",
        " HTTP/1.0",
        " HTTP/1.1",
        "http://a",
        "http://localhost",
        "POST ",
        "hello",
        "0\r\n\r\n",
    ];

    #[derive(Debug, Clone)]
    enum Change {
        Insert(&'static str),
        Set(u8),
        Remove(usize),
        Repeat(usize),
    }

    fn changed(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, Change)]) -> Vec<u8> {
        for (place, change) in changes {
            let place = place.index(bytes.len() + 1);
            let part = |length: &usize| place..bytes.len().min(place + length);
            match change {
                Change::Insert(piece) => {
                    bytes.splice(place..place, piece.bytes());
                }
                Change::Set(byte) => bytes.splice(part(&1), [*byte]).for_each(drop),
                Change::Remove(length) => bytes.drain(part(length)).for_each(drop),
                Change::Repeat(length) => {
                    let again = bytes[part(length)].to_vec();
                    bytes.splice(place..place, again);
                }
            }
        }
        bytes
    }

    /// The same cases each time. `make fuzz` looks for others.
    #[test]
    fn no_head_is_read_as_two_different_requests() {
        let seeds = seeds();
        let verdicts = RefCell::new([0; 3]);
        let count = |bytes: &[u8]| verdicts.borrow_mut()[compare(bytes) as usize] += 1;
        seeds.iter().for_each(|seed| count(seed));

        let change = prop_oneof![
            4 => prop::sample::select(PIECES).prop_map(Change::Insert),
            2 => any::<u8>().prop_map(Change::Set),
            1 => (1..20_usize).prop_map(Change::Remove),
            1 => (1..60_usize).prop_map(Change::Repeat),
        ];
        let cases = (
            prop::sample::select(seeds),
            vec((any::<prop::sample::Index>(), change), 0..4),
        );
        let config = Config {
            cases: 20_000,
            failure_persistence: None,
            ..Config::default()
        };
        let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let ran = TestRunner::new_with_rng(config, random).run(&cases, |(seed, changes)| {
            count(&changed(seed, &changes));
            Ok(())
        });
        ran.unwrap();
        let [refused, _, agreed] = verdicts.into_inner();
        // Neither everything nor nothing.
        assert!(refused > 2_000 && agreed > 2_000, "{refused} {agreed}");
    }
}
