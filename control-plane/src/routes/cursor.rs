//! Cursors: opaque to clients, so that what is inside may change.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// The name of a question, made of its filters and its order: a place in one list means nothing in
/// another.
pub(super) fn question(filters: &impl Serialize) -> Result<u32> {
    let bytes = serde_json::to_vec(filters).map_err(Error::internal)?;
    Ok(crc32fast::hash(&bytes))
}

/// Which question, the position in JSON, and a CRC-32 of both: an altered cursor is refused, not
/// guessed at. It protects nothing; a made-up position shows no more than a list does.
pub(super) fn encode(question: u32, position: &impl Serialize) -> Result<String> {
    let mut bytes = question.to_be_bytes().to_vec();
    serde_json::to_writer(&mut bytes, position).map_err(Error::internal)?;
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// # Errors
/// [`Error::Malformed`] for what is no cursor, or one of another question.
pub(super) fn decode<P: DeserializeOwned>(question: u32, text: &str) -> Result<P> {
    let (asked, position) =
        parse(text).ok_or_else(|| Error::Malformed("the cursor is not one of ours".into()))?;
    if asked != question {
        return Err(Error::Malformed(
            "the cursor belongs to another search, filter or order".into(),
        ));
    }
    Ok(position)
}

fn parse<P: DeserializeOwned>(text: &str) -> Option<(u32, P)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (body, checksum) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(body) != u32::from_be_bytes(*checksum) {
        return None;
    }
    let (question, position) = body.split_first_chunk::<4>()?;
    let position = serde_json::from_slice(position).ok()?;
    Some((u32::from_be_bytes(*question), position))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Position = (i64, String);

    proptest! {
        #[test]
        fn round_trips(question: u32, number: i64, text: String) {
            let position = (number, text);
            let cursor = encode(question, &position).unwrap();
            prop_assert_eq!(decode::<Position>(question, &cursor).unwrap(), position);
            prop_assert!(decode::<Position>(question.wrapping_add(1), &cursor).is_err());
        }

        #[test]
        fn altered_cursors_are_refused(at in 0usize..22, with in "[A-Za-z0-9_-]") {
            let original = encode(7, &(1, "abcd")).unwrap();
            let mut altered = original.clone();
            altered.replace_range(at..=at, &with);
            prop_assume!(altered != original);
            prop_assert!(decode::<Position>(7, &altered).is_err());
        }

        #[test]
        fn never_panics(text: String) {
            let _ = decode::<Position>(0, &text);
        }
    }
}
