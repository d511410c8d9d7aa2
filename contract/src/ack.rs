//! What the pipeline tells proxies once blocks are safe. Layout: `README.md`.

use crate::{BlockId, DecodeError, SegmentId};

/// The newest version of the encoding that this build reads, and the one it writes.
pub const ACK_VERSION: u8 = 1;

/// Most names in one message: 24 KB, so that no subscriber has to hold more than that at once.
pub const ACK_CAPACITY: usize = 1_000;

/// Bytes of a name: 16 of the segment, 8 of the number.
const NAME_LENGTH: usize = 24;

/// These blocks need not be kept by whoever sealed them: they are committed, or set aside as dead
/// letters, and no longer in the stream.
///
/// A hint, sent once. Whoever misses it sends the block again some time later, since its entry is
/// gone from the stream, and hears of it then: a known block is only acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ack {
    /// Names, in no order. One may be there twice, or be somebody else's.
    pub blocks: Vec<BlockId>,
}

impl Ack {
    /// As bytes with a version. Messages of more than [`ACK_CAPACITY`] names must be divided before.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.blocks.len() * NAME_LENGTH);
        bytes.push(ACK_VERSION);
        for id in &self.blocks {
            bytes.extend_from_slice(&id.segment.0);
            bytes.extend_from_slice(&id.number.to_le_bytes());
        }
        bytes
    }

    /// Reads what any release so far has written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (&found, names) = bytes.split_first().ok_or_else(|| malformed("is empty"))?;
        if found > ACK_VERSION {
            return Err(DecodeError::NewerVersion {
                found: found.into(),
                supported: ACK_VERSION.into(),
            });
        }
        if found == 0 {
            return Err(malformed("version 0 was never written"));
        }
        let (names, rest) = names.as_chunks::<NAME_LENGTH>();
        if !rest.is_empty() {
            return Err(malformed("the last name ends early"));
        }
        Ok(Self {
            blocks: names.iter().map(block_id).collect(),
        })
    }
}

fn block_id(name: &[u8; NAME_LENGTH]) -> BlockId {
    let (mut segment, mut number) = ([0; 16], [0; 8]);
    segment.copy_from_slice(&name[..16]);
    number.copy_from_slice(&name[16..]);
    BlockId {
        segment: SegmentId(segment),
        number: u64::from_le_bytes(number),
    }
}

fn malformed(reason: &str) -> DecodeError {
    DecodeError::malformed("acknowledgement", reason)
}
