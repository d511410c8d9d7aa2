//! Cursors: opaque to clients, so that what is inside may change.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::Timestamp;
use uuid::Uuid;

use crate::db::Position;
use crate::error::{Error, Result};

/// `i64` microseconds, 16 bytes id, CRC-32 of both: an altered cursor is refused, not guessed at.
/// It protects nothing; a made-up position shows no more than a list does.
const LENGTH: usize = 8 + 16 + 4;

pub(super) fn encode(position: Position) -> String {
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend_from_slice(
        &Timestamp::from(position.created_at)
            .as_micros()
            .to_be_bytes(),
    );
    bytes.extend_from_slice(position.id.as_bytes());
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn decode(text: &str) -> Result<Position> {
    parse(text).ok_or_else(|| Error::Malformed("the cursor is not one of ours".into()))
}

fn parse(text: &str) -> Option<Position> {
    let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let (body, checksum) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(body) != u32::from_be_bytes(*checksum) {
        return None;
    }
    let (micros, id) = body.split_first_chunk::<8>()?;
    Some(Position {
        created_at: Timestamp::from_micros(i64::from_be_bytes(*micros)).to_datetime()?,
        id: Uuid::from_slice(id).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trips(micros in -60_000_000_000_000_000i64..250_000_000_000_000_000, id: u128) {
            let created_at = Timestamp::from_micros(micros).to_datetime().unwrap();
            let position = Position { created_at, id: Uuid::from_u128(id) };
            prop_assert_eq!(decode(&encode(position)).unwrap(), position);
        }

        #[test]
        fn altered_cursors_are_refused(at in 0usize..37, with in "[A-Za-z0-9_-]") {
            let position = Position { created_at: time::OffsetDateTime::UNIX_EPOCH, id: Uuid::from_u128(7) };
            let original = encode(position);
            let mut altered = original.clone();
            altered.replace_range(at..=at, &with);
            prop_assume!(altered != original);
            prop_assert!(decode(&altered).is_err());
        }

        #[test]
        fn never_panics(text: String) {
            let _ = decode(&text);
        }
    }
}
