//! The facts of a request that are kept with a click.
//!
//! The client's address is not among them, and nothing here ever sees it.

use std::borrow::Cow;

use contract::click::{MAX_LANGUAGE, MAX_REFERRER, MAX_USER_AGENT};
use contract::{Click, LinkId, Method, RequestId, Timestamp};
use http::HeaderMap;

/// The header fields of a request, however they were read.
pub(crate) trait Fields {
    /// The first value of a field, whose name is given in lower case.
    fn get(&self, name: &str) -> Option<&[u8]>;

    /// All values of a field, in the order they were sent.
    fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]>;
}

impl Fields for HeaderMap {
    fn get(&self, name: &str) -> Option<&[u8]> {
        HeaderMap::get(self, name).map(|value| value.as_bytes())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.get_all(name).iter().map(|value| value.as_bytes())
    }
}

/// A request for a link.
pub(crate) struct Visitor<'a, F> {
    pub(crate) request_id: RequestId,
    pub(crate) arrived_at: Timestamp,
    pub(crate) method: Method,
    pub(crate) query: &'a str,
    pub(crate) fields: &'a F,
}

impl<F: Fields> Visitor<'_, F> {
    /// Hands the click on the link with this key to `record`. It borrows from this request, hence
    /// the closure.
    pub(crate) fn with_click(
        &self,
        key: &str,
        link_id: LinkId,
        status: u16,
        record: impl FnOnce(&Click<'_>),
    ) {
        let (domain, code) = key.split_once('/').unwrap_or_default();
        let is_do_not_track = self.is_do_not_track();
        let referrer = self.text("referer", MAX_REFERRER);
        record(&Click {
            clicked_at: self.arrived_at,
            request_id: self.request_id,
            link_id: Some(link_id),
            visitor: None,
            method: self.method,
            is_prefetch: self.is_prefetch(),
            is_do_not_track,
            is_qr: self.query.split('&').any(|pair| pair == "via=qr"),
            variant: 0,
            rule: 0,
            status,
            country: None,
            domain,
            code,
            user_agent: &self.text("user-agent", MAX_USER_AGENT),
            referrer: if is_do_not_track {
                origin(&referrer)
            } else {
                &referrer
            },
            language: &self.text("accept-language", MAX_LANGUAGE),
            city: "",
            query: self.query,
        });
    }

    /// A header as text. The encoding cuts it at its limit; what is not UTF-8 is cut here already,
    /// so that a long header of rubbish is not copied whole.
    fn text(&self, name: &str, limit: usize) -> Cow<'_, str> {
        let bytes = self.fields.get(name).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(&bytes[..bytes.len().min(limit)]),
        }
    }

    fn is_do_not_track(&self) -> bool {
        ["dnt", "sec-gpc"]
            .iter()
            .any(|name| self.fields.get(name) == Some(b"1"))
    }

    /// `Sec-Purpose` is the standard; Safari and old Firefox have names of their own.
    fn is_prefetch(&self) -> bool {
        ["sec-purpose", "purpose", "x-purpose", "x-moz"]
            .iter()
            .filter_map(|name| std::str::from_utf8(self.fields.get(name)?).ok())
            .any(|value| value.contains("prefetch") || value.contains("preview"))
    }
}

/// The referrer without its path, for those who asked not to be tracked.
fn origin(referrer: &str) -> &str {
    let path = referrer.match_indices('/').nth(2);
    path.map_or(referrer, |(start, _)| &referrer[..start])
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::BlockBuilder;
    use contract::{BlockId, SegmentId};
    use http::HeaderValue;
    use uuid::Uuid;

    /// What is left of a request after it was written into a block and read again.
    fn kept(query: &str, headers: &[(&'static str, &[u8])], check: impl FnOnce(&Click<'_>)) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        let visitor = Visitor {
            request_id: RequestId(Uuid::from_u128(1)),
            arrived_at: Timestamp::from_micros(5),
            method: Method::Get,
            query,
            fields: &map,
        };
        let mut block = BlockBuilder::new();
        visitor.with_click("localhost/abc", LinkId(Uuid::from_u128(2)), 302, |click| {
            assert!(block.push(click));
        });
        let id = BlockId {
            segment: SegmentId([0; 16]),
            number: 0,
        };
        let block = block.seal(id);
        check(&block.clicks().unwrap()[0]);
    }

    #[test]
    fn texts_are_kept_up_to_their_limits() {
        let long = "é".repeat(400);
        let headers: [(_, &[u8]); 3] = [
            ("user-agent", long.as_bytes()),
            ("accept-language", &[0xff; 100]),
            ("referer", b"https://example.com/a?b"),
        ];
        kept(&"q".repeat(2_000), &headers, |click| {
            assert_eq!(click.user_agent.len(), 512);
            assert!(click.language.len() <= MAX_LANGUAGE);
            assert_eq!(click.referrer, "https://example.com/a?b");
            assert_eq!(click.query.len(), 512);
            assert!(!click.is_do_not_track && !click.is_prefetch && !click.is_qr);
        });
    }

    #[test]
    fn a_wish_not_to_be_tracked_cuts_the_referrer() {
        for name in ["dnt", "sec-gpc"] {
            let headers: [(_, &[u8]); 2] = [(name, b"1"), ("referer", b"https://a.example/secret")];
            kept("", &headers, |click| {
                assert!(click.is_do_not_track);
                assert_eq!(click.referrer, "https://a.example");
            });
        }
    }

    #[test]
    fn prefetches_and_qr_codes_are_marked() {
        kept("", &[("sec-purpose", b"prefetch;prerender")], |click| {
            assert!(click.is_prefetch);
        });
        kept("a=b&via=qr", &[], |click| assert!(click.is_qr));
        kept("via=qrx", &[], |click| assert!(!click.is_qr));
    }
}
