//! Heads of answers.

use anyhow::{Context, bail};
use httparse::{EMPTY_HEADER, Response, Status};

/// Most fields that an answer may have here.
const MAX_FIELDS: usize = 32;

/// What matters of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer<'b> {
    pub(crate) status: u16,
    /// Empty if there is none.
    pub(crate) location: &'b [u8],
    pub(crate) body: &'b [u8],
    /// Whether the server ends the connection after it.
    pub(crate) closes: bool,
    /// Bytes of head and body.
    pub(crate) length: usize,
}

impl<'b> Answer<'b> {
    /// Reads the answer at the beginning of `bytes`; `None` while it is not complete.
    pub(crate) fn read(bytes: &'b [u8]) -> anyhow::Result<Option<Self>> {
        let mut storage = [EMPTY_HEADER; MAX_FIELDS];
        let mut head = Response::new(&mut storage);
        let Status::Complete(head_length) = head.parse(bytes).context("not an HTTP answer")? else {
            return Ok(None);
        };
        let mut location: &[u8] = b"";
        let mut body_length = None;
        let mut closes = false;
        for field in head.headers.iter() {
            // The length first: most names differ in it already.
            match field.name.len() {
                8 if field.name.eq_ignore_ascii_case("location") => location = field.value,
                10 if field.name.eq_ignore_ascii_case("connection") => {
                    closes = field.value.eq_ignore_ascii_case(b"close");
                }
                14 if field.name.eq_ignore_ascii_case("content-length") => {
                    let digits = std::str::from_utf8(field.value)?;
                    body_length = Some(digits.parse::<usize>().context("not a length")?);
                }
                17 if field.name.eq_ignore_ascii_case("transfer-encoding") => {
                    bail!("an answer in chunks, which nobody here reads");
                }
                _ => {}
            }
        }
        let status = head.code.unwrap_or_default();
        let body_length = match body_length {
            Some(length) => length,
            None if status == 204 => 0,
            None => bail!("an answer without a length"),
        };
        let length = head_length + body_length;
        let Some(body) = bytes.get(head_length..length) else {
            return Ok(None);
        };
        Ok(Some(Self {
            status,
            location,
            body,
            closes,
            length,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let bytes =
            b"HTTP/1.1 302 Found\r\nLocation: https://a/\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 ";
        let whole = bytes.len() - 9;
        for end in 0..whole {
            assert_eq!(Answer::read(&bytes[..end]).unwrap(), None, "cut at {end}");
        }
        let answer = Answer::read(bytes).unwrap().unwrap();
        assert_eq!((answer.status, answer.length), (302, whole));
        assert_eq!(
            (answer.location, answer.body),
            (&b"https://a/"[..], &b"abc"[..])
        );
        assert!(!answer.closes);
    }

    #[test]
    fn an_end_is_noticed_and_nonsense_refused() {
        let last = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        assert!(Answer::read(last).unwrap().unwrap().closes);
        for bad in [&b"SSH-2.0\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\n\r\n"] {
            assert!(Answer::read(bad).is_err());
        }
    }
}
