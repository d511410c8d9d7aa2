//! The facts of a request that are kept with a click.
//!
//! The client's address is not among them: what depends on it is worked out before.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::IpAddr;

use contract::click::{MAX_LANGUAGE, MAX_REFERRER, MAX_USER_AGENT};
use contract::{CapState, Click, LinkId, Method, Place, RequestId, Timestamp, Visit};
use http::HeaderMap;

use crate::cache::LinkKey;

/// The header fields of a request, however they were read.
pub(crate) trait Fields {
    /// Names, in any case, and values.
    fn iter(&self) -> impl Iterator<Item = (&str, &[u8])>;

    /// All values of a field, in the order they were sent.
    fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]>;
}

impl Fields for HeaderMap {
    fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.into_iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.get_all(name).iter().map(|value| value.as_bytes())
    }
}

/// A request for a link, or for a domain's root.
pub(crate) struct Visitor<'a, F> {
    pub(crate) request_id: RequestId,
    pub(crate) arrived_at: Timestamp,
    pub(crate) method: Method,
    /// Whose look-ups are counted, and where the visitor is. Goes nowhere else.
    pub(crate) address: Option<IpAddr>,
    /// What follows the code in the path.
    pub(crate) extra_path: &'a str,
    /// The visitor wants to see where the link leads.
    pub(crate) wants_preview: bool,
    pub(crate) query: &'a str,
    pub(crate) fields: &'a F,
}

/// What a visitor says about themselves.
pub(crate) struct Texts<'a> {
    pub(crate) user_agent: Cow<'a, str>,
    pub(crate) referrer: Cow<'a, str>,
    pub(crate) language: Cow<'a, str>,
    /// They asked not to be tracked.
    pub(crate) is_do_not_track: bool,
    /// Their browser looks ahead of a decision.
    pub(crate) is_prefetch: bool,
}

/// What was found out about a visitor for this link.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Facts {
    /// They have shown the link's password.
    pub(crate) is_unlocked: bool,
    /// The split target they were shown before, by their cookie.
    pub(crate) variant_cookie: Option<u8>,
    /// A value that is the same at each of their visits.
    pub(crate) sticky: u64,
    /// What is left of the link's click cap.
    pub(crate) cap: CapState,
}

/// What a click says about its outcome.
pub(crate) struct Answered<'a> {
    /// The link's key.
    pub(crate) key: &'a str,
    /// `None`: an orphan hit.
    pub(crate) link_id: Option<LinkId>,
    pub(crate) status: u16,
    pub(crate) variant: u8,
    pub(crate) rule: u8,
}

impl<'a, F: Fields> Visitor<'a, F> {
    /// What the visitor says, and whether they asked not to be tracked and that is respected.
    pub(crate) fn texts(&self, respects_do_not_track: bool) -> Texts<'a> {
        let mut texts = Texts {
            user_agent: Cow::Borrowed(""),
            referrer: Cow::Borrowed(""),
            language: Cow::Borrowed(""),
            is_do_not_track: false,
            is_prefetch: false,
        };
        // Once over all fields, instead of once for each name. Of a field that is sent twice, the
        // last counts.
        for (name, value) in self.fields.iter() {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            match name.len() {
                3 if is("dnt") => texts.is_do_not_track |= value == b"1",
                5 if is("x-moz") => texts.is_prefetch |= looks_ahead(value),
                7 if is("referer") => texts.referrer = text(value, MAX_REFERRER),
                7 if is("sec-gpc") => texts.is_do_not_track |= value == b"1",
                7 if is("purpose") => texts.is_prefetch |= looks_ahead(value),
                9 if is("x-purpose") => texts.is_prefetch |= looks_ahead(value),
                10 if is("user-agent") => texts.user_agent = text(value, MAX_USER_AGENT),
                11 if is("sec-purpose") => texts.is_prefetch |= looks_ahead(value),
                15 if is("accept-language") => texts.language = text(value, MAX_LANGUAGE),
                _ => {}
            }
        }
        texts.is_do_not_track &= respects_do_not_track;
        texts
    }

    /// The facts for a decision.
    pub(crate) fn visit<'v>(
        &'v self,
        texts: &'v Texts<'_>,
        place: &Place<'v>,
        facts: &Facts,
    ) -> Visit<'v> {
        Visit {
            now: self.arrived_at,
            method: self.method,
            address: self.address,
            place: *place,
            user_agent: &texts.user_agent,
            language: &texts.language,
            referrer: &texts.referrer,
            query: self.query,
            extra_path: self.extra_path,
            wants_preview: self.wants_preview,
            is_unlocked: facts.is_unlocked,
            cap: facts.cap,
            sticky: facts.sticky,
            variant_cookie: facts.variant_cookie,
            agent: OnceCell::new(),
        }
    }

    /// The click to be kept. `visitor` and `place` are left out for those who asked for it.
    pub(crate) fn click<'c>(
        &'c self,
        texts: &'c Texts<'_>,
        answered: &Answered<'c>,
        place: &Place<'c>,
        visitor: Option<[u8; 16]>,
    ) -> Click<'c> {
        let (domain, code) = LinkKey::parts(answered.key);
        let is_do_not_track = texts.is_do_not_track;
        Click {
            clicked_at: self.arrived_at,
            request_id: self.request_id,
            link_id: answered.link_id,
            visitor: visitor.filter(|_| !is_do_not_track),
            method: self.method,
            is_prefetch: texts.is_prefetch,
            is_do_not_track,
            is_qr: !self.query.is_empty() && self.query.split('&').any(|pair| pair == "via=qr"),
            variant: answered.variant,
            rule: answered.rule,
            status: answered.status,
            country: place.country,
            domain,
            code,
            user_agent: &texts.user_agent,
            referrer: if is_do_not_track {
                origin(&texts.referrer)
            } else {
                &texts.referrer
            },
            language: &texts.language,
            city: if is_do_not_track { "" } else { place.city },
            query: self.query,
        }
    }
}

/// A header as text. The encoding cuts it at its limit; what is not UTF-8 is cut here already, so
/// that a long header of rubbish is not copied whole.
fn text(bytes: &[u8], limit: usize) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(&bytes[..bytes.len().min(limit)]),
    }
}

/// `Sec-Purpose` is the standard; Safari and old Firefox have names of their own.
fn looks_ahead(value: &[u8]) -> bool {
    std::str::from_utf8(value)
        .is_ok_and(|value| value.contains("prefetch") || value.contains("preview"))
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
            address: None,
            extra_path: "",
            wants_preview: false,
            query,
            fields: &map,
        };
        let answered = Answered {
            key: "localhost/abc",
            link_id: Some(LinkId(Uuid::from_u128(2))),
            status: 302,
            variant: 0,
            rule: 0,
        };
        let place = Place {
            country: Some(*b"DE"),
            city: "Munich",
            ..Place::default()
        };
        let texts = visitor.texts(true);
        let mut block = BlockBuilder::new();
        assert!(block.push(&visitor.click(&texts, &answered, &place, Some([1; 16]))));
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
            assert_eq!((click.visitor, click.city), (Some([1; 16]), "Munich"));
        });
    }

    #[test]
    fn a_wish_not_to_be_tracked_is_respected() {
        for name in ["dnt", "sec-gpc"] {
            let headers: [(_, &[u8]); 2] = [(name, b"1"), ("referer", b"https://a.example/secret")];
            kept("", &headers, |click| {
                assert!(click.is_do_not_track);
                assert_eq!(click.referrer, "https://a.example");
                assert_eq!((click.visitor, click.city), (None, ""));
                assert_eq!(click.country, Some(*b"DE"));
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
