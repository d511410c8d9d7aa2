//! The format of a segment file, version 1. Described in `README.md`, fixed by a golden file.

use contract::SegmentId;

/// The version that this build writes, and the newest it reads.
pub const VERSION: u32 = 1;

/// Bytes before the first record: one page.
pub const HEADER: usize = 4096;

/// Longest record. The longest click is about 2 KiB.
pub const MAX_RECORD: usize = 4096;

/// Bytes of a word, and what records are aligned to.
pub const WORD: usize = 8;

/// Most bytes from one seal behind the next: what a reader reads at once. Blocks of real clicks end
/// long before, since the shortest has 78 bytes: then 88 here are 82 of a payload of 32 KiB.
pub const LONGEST_BLOCK: usize = 64 * 1024;

/// Where the header keeps how many blocks are acknowledged: in a cache line of its own.
pub const ACKED_AT: u64 = 64;

const MAGIC: &[u8; 8] = b"LPSPOOL\0";
const CHECKED: usize = 48;

/// What precedes each record, and what divides records into blocks. Written last, so that a reader
/// who sees it sees everything before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nothing was written here yet.
    Nothing,
    /// A record follows.
    Record {
        /// Its bytes, 1 to [`MAX_RECORD`].
        length: u32,
        /// CRC-32 of length and bytes.
        crc: u32,
    },
    /// A block ends here, and never changes again.
    Seal {
        /// Records in it.
        count: u32,
    },
    /// Nothing will follow.
    End,
    /// Nobody wrote this.
    Damaged,
}

/// In the place of a length.
const SEAL: u32 = 0xffff_fff0;
const END: u32 = 0xffff_ffff;

impl Word {
    /// As it is written.
    pub fn to_bits(self) -> u64 {
        let (low, high) = match self {
            Self::Nothing | Self::Damaged => (0, 0),
            Self::Record { length, crc } => (length, crc),
            Self::Seal { count } => (SEAL, count),
            Self::End => (END, 0),
        };
        u64::from(low) | u64::from(high) << 32
    }

    /// As it is read.
    pub fn from_bits(bits: u64) -> Self {
        let (low, high) = (bits as u32, (bits >> 32) as u32);
        match low {
            0 if high == 0 => Self::Nothing,
            SEAL => Self::Seal { count: high },
            END if high == 0 => Self::End,
            1.. if low as usize <= MAX_RECORD => Self::Record {
                length: low,
                crc: high,
            },
            _ => Self::Damaged,
        }
    }

    /// What precedes a record.
    pub fn of_record(body: &[u8]) -> Self {
        let length = body.len() as u32;
        Self::Record {
            length,
            crc: checksum(length, body),
        }
    }

    /// Whether this word was written for these bytes.
    pub fn is_of(self, body: &[u8]) -> bool {
        self == Self::of_record(body)
    }
}

fn checksum(length: u32, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}

/// Bytes that a record takes, its word included.
pub fn footprint(length: usize) -> usize {
    WORD + length.next_multiple_of(WORD)
}

/// What is in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Records, one after the other, with seals between them.
    Records = 0,
    /// A table of counts.
    Counts = 1,
}

/// What a segment says of itself in its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What follows.
    pub kind: Kind,
    /// Names its blocks.
    pub id: SegmentId,
    /// Length of the file. Bytes.
    pub size: u64,
    /// When it was made. Microseconds since 1970.
    pub created_at: i64,
}

/// Why a header cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Written by a later release. Not damaged.
    #[error("written in version {0}, this release reads up to {VERSION}")]
    Newer(u32),
    /// Not one of ours, or no longer whole.
    #[error("{0}")]
    Damaged(&'static str),
}

impl Header {
    /// The file's first bytes.
    pub fn encode(&self) -> [u8; CHECKED + 4] {
        let mut bytes = [0; CHECKED + 4];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&(self.kind as u32).to_le_bytes());
        bytes[16..32].copy_from_slice(&self.id.0);
        bytes[32..40].copy_from_slice(&self.size.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.created_at.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..CHECKED]);
        bytes[CHECKED..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads the file's first bytes.
    ///
    /// # Errors
    /// When they are of a newer version, or none of ours.
    pub fn decode(bytes: &[u8; HEADER]) -> Result<Self, HeaderError> {
        if &bytes[..8] != MAGIC {
            return Err(HeaderError::Damaged("does not begin like a segment"));
        }
        let version = u32::from_le_bytes(field(bytes, 8));
        if version > VERSION {
            return Err(HeaderError::Newer(version));
        }
        let crc = u32::from_le_bytes(field(bytes, CHECKED));
        if version == 0 || crc32fast::hash(&bytes[..CHECKED]) != crc {
            return Err(HeaderError::Damaged("its header has another checksum"));
        }
        let kind = match u32::from_le_bytes(field(bytes, 12)) {
            0 => Kind::Records,
            1 => Kind::Counts,
            _ => return Err(HeaderError::Damaged("has records of an unknown kind")),
        };
        Ok(Self {
            kind,
            id: SegmentId(field(bytes, 16)),
            size: u64::from_le_bytes(field(bytes, 32)),
            created_at: i64::from_le_bytes(field(bytes, 40)),
        })
    }
}

fn field<const N: usize>(bytes: &[u8; HEADER], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_were_written() {
        let words = [
            Word::Nothing,
            Word::of_record(b"abc"),
            Word::Seal { count: 0 },
            Word::Seal { count: u32::MAX },
            Word::End,
        ];
        for word in words {
            assert_eq!(Word::from_bits(word.to_bits()), word);
        }
        for bits in [MAX_RECORD as u64 + 1, 1 << 32, 0xffff_fff1] {
            assert_eq!(Word::from_bits(bits), Word::Damaged, "{bits:x}");
        }
    }

    #[test]
    fn a_record_takes_whole_words() {
        assert_eq!([1, 8, 9].map(footprint), [16, 16, 24]);
    }

    #[test]
    fn a_header_says_what_is_wrong_with_it() {
        let header = Header {
            kind: Kind::Counts,
            id: SegmentId([7; 16]),
            size: 1 << 20,
            created_at: 5,
        };
        let mut bytes = [0; HEADER];
        bytes[..CHECKED + 4].copy_from_slice(&header.encode());
        assert_eq!(Header::decode(&bytes), Ok(header));
        let with = |at: usize, value: u8| {
            let mut bytes = bytes;
            bytes[at] = value;
            Header::decode(&bytes)
        };
        assert_eq!(with(8, 2), Err(HeaderError::Newer(2)));
        assert!(matches!(with(20, 8), Err(HeaderError::Damaged(_))));
        assert!(matches!(with(0, b'X'), Err(HeaderError::Damaged(_))));
    }
}
