//! Blocks of clicks: the unit that is sent, acknowledged and counted once. Layout: `README.md`.

use std::fmt;
use std::str::FromStr;

use crate::{Click, Count, DecodeError};

/// The newest version of the payload's encoding that this build reads.
pub const BLOCK_VERSION: u32 = COUNTS;

/// The version in which clicks are written.
const CLICKS: u32 = 1;

/// The version in which counts are written.
const COUNTS: u32 = 2;

/// Payload bytes at which a block is full. A trial sent 352 k clicks/s in blocks of this size to a
/// Redis with `appendfsync always`; larger ones only delay the click's way into the statistics.
pub const BLOCK_CAPACITY: usize = 32 * 1024;

/// Room behind a full block, so that a record that turns out not to fit costs no allocation: the
/// longest is about 2 KiB.
const LONGEST_RECORD: usize = 4 * 1024;

/// Names a run of blocks from one writer: 16 random bytes (a version 4 UUID), made without host name or clock, so
/// that neither a restart nor a cloned machine can produce the same one again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId(pub [u8; 16]);

impl fmt::Display for SegmentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for SegmentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SegmentId({self})")
    }
}

impl FromStr for SegmentId {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let is_lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 32 || !text.bytes().all(is_lower_hex) {
            return Err(malformed(
                "a segment id is 32 lower-case hexadecimal digits",
            ));
        }
        u128::from_str_radix(text, 16)
            .map(|bits| Self(bits.to_be_bytes()))
            .map_err(malformed)
    }
}

/// Names one block for ever. A block with a known id is the same block, sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId {
    /// Which run of blocks.
    pub segment: SegmentId,
    /// Position in the run, from 0.
    pub number: u64,
}

impl fmt::Display for BlockId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.segment, self.number)
    }
}

/// A sealed block. It never changes again, whoever sends or receives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its name.
    pub id: BlockId,
    /// What its records are: 1 clicks, 2 counts.
    pub version: u32,
    /// Records inside.
    pub count: u32,
    /// CRC-32 (IEEE) of the payload.
    pub crc: u32,
    /// The records: `u32` little-endian length, then that many bytes, `count` times.
    pub payload: Vec<u8>,
}

/// Names of a block's fields in a stream entry, in the order they are written.
pub const FIELDS: [&str; 6] = ["v", "seg", "blk", "n", "crc", "payload"];

impl Block {
    /// The values that go with [`FIELDS`].
    pub fn to_fields(&self) -> [Vec<u8>; 6] {
        [
            self.version.to_string().into(),
            self.id.segment.to_string().into(),
            self.id.number.to_string().into(),
            self.count.to_string().into(),
            self.crc.to_string().into(),
            self.payload.clone(),
        ]
    }

    /// Reads a stream entry; `field` returns the value of a field by its name.
    ///
    /// Checks the CRC, so that a payload that arrives is the payload that was sealed.
    pub fn from_fields<'f>(field: impl Fn(&str) -> Option<&'f [u8]>) -> Result<Self, DecodeError> {
        let found: u32 = parse(&field, "v")?;
        if found > BLOCK_VERSION {
            return Err(DecodeError::NewerVersion {
                found,
                supported: BLOCK_VERSION,
            });
        }
        let segment: String = parse(&field, "seg")?;
        let block = Self {
            id: BlockId {
                segment: segment.parse()?,
                number: parse(&field, "blk")?,
            },
            version: found,
            count: parse(&field, "n")?,
            crc: parse(&field, "crc")?,
            payload: field("payload")
                .ok_or_else(|| malformed("no field payload"))?
                .to_vec(),
        };
        let actual = checksum(&block.payload);
        if actual != block.crc {
            return Err(malformed(format!(
                "CRC is {actual}, sealed with {}",
                block.crc
            )));
        }
        Ok(block)
    }

    /// A block of clicks whose payload is whole: `count` records, each with its length before it.
    pub fn of_clicks(id: BlockId, count: u32, payload: Vec<u8>) -> Self {
        Self {
            id,
            version: CLICKS,
            count,
            crc: checksum(&payload),
            payload,
        }
    }

    /// A block of counts.
    pub fn of_counts(id: BlockId, counts: &[Count]) -> Self {
        let mut payload = Vec::new();
        for count in counts {
            let begin = payload.len();
            payload.extend_from_slice(&[0; 4]);
            count.encode_into(&mut payload);
            let length = (payload.len() - begin - 4) as u32;
            payload[begin..begin + 4].copy_from_slice(&length.to_le_bytes());
        }
        Self {
            id,
            version: COUNTS,
            count: counts.len() as u32,
            crc: checksum(&payload),
            payload,
        }
    }

    /// The clicks, all of them or the reason why not: a block is counted whole or not at all. A
    /// block of counts has none.
    pub fn clicks(&self) -> Result<Vec<Click<'_>>, DecodeError> {
        match self.version {
            COUNTS => Ok(Vec::new()),
            _ => self.records(Click::decode),
        }
    }

    /// How many clicks are inside.
    pub fn click_count(&self) -> u32 {
        match self.version {
            COUNTS => 0,
            _ => self.count,
        }
    }

    /// The counts, likewise. A block of clicks has none.
    pub fn counts(&self) -> Result<Vec<Count>, DecodeError> {
        match self.version {
            COUNTS => self.records(Count::decode),
            _ => Ok(Vec::new()),
        }
    }

    fn records<'b, T>(
        &'b self,
        decode: impl Fn(&'b [u8]) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let mut records = Vec::with_capacity(self.count.min(BLOCK_CAPACITY as u32) as usize);
        let mut rest = self.payload.as_slice();
        while let Some((length, tail)) = rest.split_first_chunk::<4>() {
            let length = u32::from_le_bytes(*length) as usize;
            let record = tail.split_at_checked(length);
            let (body, tail) = record.ok_or_else(|| malformed("a record ends early"))?;
            records.push(decode(body)?);
            rest = tail;
        }
        if !rest.is_empty() || records.len() != self.count as usize {
            return Err(malformed(format!(
                "announces {}, holds {}",
                self.count,
                records.len()
            )));
        }
        Ok(records)
    }
}

/// Collects clicks until the block is full.
#[derive(Debug, Default)]
pub struct BlockBuilder {
    payload: Vec<u8>,
    count: u32,
}

impl BlockBuilder {
    /// An empty block with its whole capacity allocated.
    pub fn new() -> Self {
        Self {
            payload: Vec::with_capacity(BLOCK_CAPACITY + LONGEST_RECORD),
            count: 0,
        }
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a click, or returns false when it no longer fits: seal, and try again with a new one.
    ///
    /// The longest possible click (about 2 KiB) fits into an empty block.
    #[must_use]
    pub fn push(&mut self, click: &Click<'_>) -> bool {
        // Written first, measured then: to know the length beforehand costs as much as writing.
        let begin = self.payload.len();
        self.payload.extend_from_slice(&[0; 4]);
        click.encode_into(&mut self.payload);
        if self.payload.len() > BLOCK_CAPACITY {
            self.payload.truncate(begin);
            return false;
        }
        let length = (self.payload.len() - begin - 4) as u32;
        self.payload[begin..begin + 4].copy_from_slice(&length.to_le_bytes());
        self.count += 1;
        true
    }

    /// Closes the block for good.
    pub fn seal(self, id: BlockId) -> Block {
        Block::of_clicks(id, self.count, self.payload)
    }
}

/// The checksum that a payload is sealed with: CRC-32 (IEEE).
pub fn checksum(payload: &[u8]) -> u32 {
    crc32fast::hash(payload)
}

fn parse<'f, T: FromStr>(
    field: &impl Fn(&str) -> Option<&'f [u8]>,
    name: &str,
) -> Result<T, DecodeError> {
    let bytes = field(name).ok_or_else(|| malformed(format!("no field {name}")))?;
    let text = std::str::from_utf8(bytes).map_err(malformed)?;
    text.parse()
        .map_err(|_| malformed(format!("field {name} is not a number")))
}

fn malformed(reason: impl ToString) -> DecodeError {
    DecodeError::malformed("block", reason)
}
