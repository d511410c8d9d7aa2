//! One visit, as it is written by the edge and read by the pipeline. Layout: `README.md`.

use uuid::Uuid;

use crate::{DecodeError, LinkId, RequestId, Timestamp};

/// Longest stored user agent in bytes; the rest is cut. Real ones end below 400.
pub const MAX_USER_AGENT: usize = 512;
/// Longest stored referrer in bytes.
pub const MAX_REFERRER: usize = 512;
/// Longest stored `Accept-Language` in bytes. The first entries are the ones that matter.
pub const MAX_LANGUAGE: usize = 64;
/// Longest stored query string in bytes.
pub const MAX_QUERY: usize = 512;
/// Longest stored city name in bytes.
pub const MAX_CITY: usize = 128;

/// Bytes before the first text: 8 + 16 + 16 + 16 + 1 + 1 + 1 + 1 + 2 + 2.
const FIXED_LENGTH: usize = 64;

/// The request method of a hit. Others never reach a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Somebody follows the link.
    #[default]
    Get,
    /// Somebody looks where it leads. Kept, but not a click.
    Head,
}

/// One visit. Texts are borrowed: from the request when written, from the block when read.
///
/// There is no client address in here, nor may there ever be one (what is not written down cannot leak): what depends on it
/// (`country`, `city`, `visitor`) is worked out before the click is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click<'a> {
    /// When the request arrived, by the edge's clock.
    pub clicked_at: Timestamp,
    /// The request's name in logs and problems.
    pub request_id: RequestId,
    /// The link followed; `None` for an orphan hit, a code that leads nowhere.
    pub link_id: Option<LinkId>,
    /// Keyed hash of the visitor under today's key; `None` where they asked not to be tracked.
    pub visitor: Option<[u8; 16]>,
    /// How the link was asked for.
    pub method: Method,
    /// The browser fetched ahead of a decision (`Sec-Purpose: prefetch`).
    pub is_prefetch: bool,
    /// `DNT: 1` or `Sec-GPC: 1` was sent.
    pub is_do_not_track: bool,
    /// Came through the QR code (`?via=qr`).
    pub is_qr: bool,
    /// Which split target was shown, from 1; 0 when the link has no split.
    pub variant: u8,
    /// Which rule decided, from 1; 0 when none did.
    pub rule: u8,
    /// Status code answered.
    pub status: u16,
    /// ISO 3166-1 alpha-2; `None` when unknown.
    pub country: Option<[u8; 2]>,
    /// The host asked for, in its normal form.
    pub domain: &'a str,
    /// The code asked for.
    pub code: &'a str,
    /// `User-Agent`, at most [`MAX_USER_AGENT`] bytes.
    pub user_agent: &'a str,
    /// `Referer`, at most [`MAX_REFERRER`] bytes.
    pub referrer: &'a str,
    /// `Accept-Language`, at most [`MAX_LANGUAGE`] bytes.
    pub language: &'a str,
    /// City name, at most [`MAX_CITY`] bytes; empty when unknown.
    pub city: &'a str,
    /// Query string without `?`, at most [`MAX_QUERY`] bytes.
    pub query: &'a str,
}

const FLAG_HEAD: u8 = 1;
const FLAG_PREFETCH: u8 = 1 << 1;
const FLAG_DO_NOT_TRACK: u8 = 1 << 2;
const FLAG_QR: u8 = 1 << 3;

impl<'a> Click<'a> {
    /// Appends the record's body to `out`. Texts over their limit are cut at a character boundary.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        let mut fixed = [0; FIXED_LENGTH];
        fixed[..8].copy_from_slice(&self.clicked_at.as_micros().to_le_bytes());
        fixed[8..24].copy_from_slice(self.request_id.0.as_bytes());
        fixed[24..40].copy_from_slice(self.link_id.map_or(Uuid::nil(), |id| id.0).as_bytes());
        fixed[40..56].copy_from_slice(&self.visitor.unwrap_or_default());
        fixed[56..59].copy_from_slice(&[self.flags(), self.variant, self.rule]);
        fixed[60..62].copy_from_slice(&self.status.to_le_bytes());
        fixed[62..].copy_from_slice(&self.country.unwrap_or_default());
        out.extend_from_slice(&fixed);
        for (text, limit) in self.texts() {
            let text = truncated(text, limit);
            out.extend_from_slice(&(text.len() as u16).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    }

    fn texts(&self) -> [(&'a str, usize); 7] {
        [
            (self.domain, 253),
            (self.code, crate::code::MAX_CODE_LENGTH),
            (self.user_agent, MAX_USER_AGENT),
            (self.referrer, MAX_REFERRER),
            (self.language, MAX_LANGUAGE),
            (self.city, MAX_CITY),
            (self.query, MAX_QUERY),
        ]
    }

    fn flags(&self) -> u8 {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        flag(self.method == Method::Head, FLAG_HEAD)
            | flag(self.is_prefetch, FLAG_PREFETCH)
            | flag(self.is_do_not_track, FLAG_DO_NOT_TRACK)
            | flag(self.is_qr, FLAG_QR)
    }

    /// Reads one record's body; every byte must be accounted for.
    pub fn decode(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut rest = body;
        let clicked_at = i64::from_le_bytes(take(&mut rest)?);
        let request_id = Uuid::from_bytes(take(&mut rest)?);
        let link_id = Uuid::from_bytes(take(&mut rest)?);
        let visitor: [u8; 16] = take(&mut rest)?;
        let [flags, variant, rule, _reserved] = take(&mut rest)?;
        let status = u16::from_le_bytes(take(&mut rest)?);
        let country: [u8; 2] = take(&mut rest)?;
        let click = Self {
            clicked_at: Timestamp::from_micros(clicked_at),
            request_id: RequestId(request_id),
            link_id: (!link_id.is_nil()).then_some(LinkId(link_id)),
            visitor: (visitor != [0; 16]).then_some(visitor),
            method: if flags & FLAG_HEAD == 0 {
                Method::Get
            } else {
                Method::Head
            },
            is_prefetch: flags & FLAG_PREFETCH != 0,
            is_do_not_track: flags & FLAG_DO_NOT_TRACK != 0,
            is_qr: flags & FLAG_QR != 0,
            variant,
            rule,
            status,
            country: (country != [0; 2]).then_some(country),
            domain: take_text(&mut rest)?,
            code: take_text(&mut rest)?,
            user_agent: take_text(&mut rest)?,
            referrer: take_text(&mut rest)?,
            language: take_text(&mut rest)?,
            city: take_text(&mut rest)?,
            query: take_text(&mut rest)?,
        };
        if !rest.is_empty() {
            return Err(malformed(format!(
                "{} bytes after the last field",
                rest.len()
            )));
        }
        Ok(click)
    }
}

/// The longest prefix of at most `limit` bytes that ends between characters.
fn truncated(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    &text[..text.floor_char_boundary(limit)]
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], DecodeError> {
    let (head, tail) = rest
        .split_first_chunk::<N>()
        .ok_or_else(|| malformed("ends early"))?;
    *rest = tail;
    Ok(*head)
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Result<&'a str, DecodeError> {
    let length = usize::from(u16::from_le_bytes(take(rest)?));
    let (head, tail) = rest
        .split_at_checked(length)
        .ok_or_else(|| malformed("ends early"))?;
    *rest = tail;
    std::str::from_utf8(head).map_err(malformed)
}

fn malformed(reason: impl ToString) -> DecodeError {
    DecodeError::malformed("click", reason)
}
