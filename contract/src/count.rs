//! What is left of clicks for which there was no room: numbers. Layout: `README.md`.

use uuid::Uuid;

use crate::{DecodeError, LinkId, Timestamp};

/// Microseconds in a minute.
pub const MINUTE: i64 = 60_000_000;

const TALLY: u8 = 1;
const GAP: u8 = 2;

/// What a proxy counts when its disk has no room for clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Visits of one link in one minute, without any detail.
    Tally(Tally),
    /// A time in which not even that was possible.
    Gap(Gap),
}

/// Visits of one link in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Which link.
    pub link_id: LinkId,
    /// Start of the minute.
    pub minute: Timestamp,
    /// Visits by persons.
    pub clicks: u32,
    /// Other hits: programs, HEAD requests, prefetches.
    pub other_hits: u32,
}

/// Hits that were answered and are in no number of any link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first of them.
    pub from: Timestamp,
    /// The last of them.
    pub until: Timestamp,
    /// How many.
    pub hits: u64,
}

impl Count {
    /// Appends the record's body to `out`.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Self::Tally(tally) => {
                out.push(TALLY);
                out.extend_from_slice(tally.link_id.0.as_bytes());
                out.extend_from_slice(&tally.minute.as_micros().to_le_bytes());
                out.extend_from_slice(&tally.clicks.to_le_bytes());
                out.extend_from_slice(&tally.other_hits.to_le_bytes());
            }
            Self::Gap(gap) => {
                out.push(GAP);
                out.extend_from_slice(&gap.from.as_micros().to_le_bytes());
                out.extend_from_slice(&gap.until.as_micros().to_le_bytes());
                out.extend_from_slice(&gap.hits.to_le_bytes());
            }
        }
    }

    /// Reads one record's body; every byte must be accounted for.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let (&kind, rest) = body.split_first().ok_or_else(|| malformed("is empty"))?;
        match (kind, rest.len()) {
            (TALLY, 32) => Ok(Self::Tally(Tally {
                link_id: LinkId(Uuid::from_bytes(field(rest, 0))),
                minute: Timestamp::from_micros(i64::from_le_bytes(field(rest, 16))),
                clicks: u32::from_le_bytes(field(rest, 24)),
                other_hits: u32::from_le_bytes(field(rest, 28)),
            })),
            (GAP, 24) => Ok(Self::Gap(Gap {
                from: Timestamp::from_micros(i64::from_le_bytes(field(rest, 0))),
                until: Timestamp::from_micros(i64::from_le_bytes(field(rest, 8))),
                hits: u64::from_le_bytes(field(rest, 16)),
            })),
            _ => Err(malformed("has an unknown kind, or the length of another")),
        }
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}

fn malformed(reason: &str) -> DecodeError {
    DecodeError::malformed("count", reason)
}
