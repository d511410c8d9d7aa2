//! Whatever is in a segment, it comes out as blocks.

use std::io;
use std::sync::Arc;

use contract::Block;

use crate::file::SegmentFile;
use crate::layout::Kind;
use crate::reader::{SegmentReader, Step};
use crate::table_reader::TableReader;

/// Reads a segment of any kind.
#[derive(Debug)]
pub(crate) enum Reader {
    Records(SegmentReader),
    Counts(TableReader),
}

impl Reader {
    /// From its beginning. `is_orphan`: nobody writes to it any more.
    pub(crate) fn new(file: Arc<SegmentFile>, is_orphan: bool) -> Self {
        match file.kind() {
            Kind::Records => Self::Records(SegmentReader::new(file, is_orphan)),
            Kind::Counts => Self::Counts(TableReader::new(file, is_orphan)),
        }
    }

    pub(crate) fn file(&self) -> &Arc<SegmentFile> {
        match self {
            Self::Records(reader) => reader.file(),
            Self::Counts(reader) => reader.file(),
        }
    }

    /// Number of the block that comes next.
    pub(crate) fn next_number(&self) -> u64 {
        match self {
            Self::Records(reader) => reader.next_number(),
            Self::Counts(reader) => reader.next_number(),
        }
    }

    /// The next block, or why there is none.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn next(&mut self) -> io::Result<Step> {
        match self {
            Self::Records(reader) => reader.next(),
            Self::Counts(reader) => reader.next(),
        }
    }

    /// Reads a block again.
    ///
    /// # Errors
    /// When the disk refuses, or has lost it.
    pub(crate) fn again(&mut self, number: u64, offset: u64) -> io::Result<Block> {
        match self {
            Self::Records(reader) => reader.again(number, offset),
            Self::Counts(reader) => reader.again(number),
        }
    }
}
