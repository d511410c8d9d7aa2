//! The reader's side of a segment: sealed blocks come out, in order.
//!
//! It reads through the file, not through the map: so a long backlog takes no memory, and it does
//! not matter whether the segment is still written to.

use std::io;
use std::sync::Arc;

use contract::{Block, BlockId};

use crate::file::SegmentFile;
use crate::layout::{HEADER, LONGEST_BLOCK, MAX_RECORD, Word, footprint};
use crate::parse::{Parsed, parse};

/// Looks at bytes that seem damaged before they are believed to be: a reader on another processor
/// may see a word an instant before what it stands for.
const LOOKS: u8 = 3;

/// Reads one segment from its beginning.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    file: Arc<SegmentFile>,
    /// Where the next block begins.
    position: u64,
    next_number: u64,
    /// Words that were seen of those the writer has counted: seals, and the end.
    seen: u64,
    /// Nobody writes to it any more: what is there is all.
    is_orphan: bool,
    looks: u8,
    buffer: Vec<u8>,
}

/// What comes next in a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A block, and where it can be read again.
    Block(Block, u64),
    /// A number that no block has.
    Empty,
    /// Nothing that is sealed.
    Nothing,
    /// Nothing, ever.
    Ended,
    /// A block that can no longer be read. Others may follow.
    Lost,
    /// The rest can no longer be read.
    Damaged,
}

impl SegmentReader {
    /// Begins after the blocks that are acknowledged.
    pub(crate) fn new(file: Arc<SegmentFile>, is_orphan: bool) -> Self {
        Self {
            file,
            position: HEADER as u64,
            next_number: 0,
            seen: 0,
            is_orphan,
            looks: 0,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn file(&self) -> &Arc<SegmentFile> {
        &self.file
    }

    /// Number of the block that comes next.
    pub(crate) fn next_number(&self) -> u64 {
        self.next_number
    }

    /// The next block, or why there is none.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn next(&mut self) -> io::Result<Step> {
        if !self.is_orphan && self.seen >= self.file.sealed() {
            return Ok(Step::Nothing);
        }
        let parsed = self.parse(self.position, self.next_number)?;
        let is_suspect = matches!(parsed, Parsed::Lost(_) | Parsed::Damaged);
        if is_suspect && !self.is_orphan && self.looks < LOOKS {
            self.looks += 1;
            return Ok(Step::Nothing);
        }
        self.looks = 0;
        Ok(match parsed {
            Parsed::Block(block, length) => {
                let offset = self.position;
                self.step(length);
                Step::Block(block, offset)
            }
            Parsed::Lost(length) => {
                self.step(length);
                Step::Lost
            }
            Parsed::Open { records, length } if self.is_orphan => {
                return self.close(records, length);
            }
            Parsed::Open { .. } => Step::Nothing,
            Parsed::End => Step::Ended,
            Parsed::Damaged => Step::Damaged,
        })
    }

    /// Reads a block again.
    ///
    /// # Errors
    /// When the disk refuses, or has lost it.
    pub(crate) fn again(&mut self, number: u64, offset: u64) -> io::Result<Block> {
        match self.parse(offset, number)? {
            Parsed::Block(block, _) => Ok(block),
            _ => Err(io::Error::other("a block that was there is damaged now")),
        }
    }

    fn step(&mut self, length: usize) {
        self.position += length as u64;
        self.next_number += 1;
        self.seen += 1;
    }

    /// Seals what a writer that is gone has left open, so that it is the same block for ever.
    fn close(&mut self, records: u32, length: usize) -> io::Result<Step> {
        let open_end = self.position + length as u64;
        if !self.is_empty_behind(open_end)? {
            return Ok(Step::Damaged);
        }
        let mut words = Vec::new();
        if records > 0 {
            words.extend(Word::Seal { count: records }.to_bits().to_le_bytes());
        }
        words.extend(Word::End.to_bits().to_le_bytes());
        self.file.write(&words, open_end)?;
        self.next()
    }

    /// Whether nothing was ever written there, but for one record that was not finished.
    fn is_empty_behind(&mut self, position: u64) -> io::Result<bool> {
        let mut position = position + footprint(MAX_RECORD) as u64;
        self.buffer.resize(LONGEST_BLOCK, 0);
        loop {
            let length = self.file.read(&mut self.buffer, position)?;
            if length == 0 {
                return Ok(true);
            }
            if self.buffer[..length].iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            position += length as u64;
        }
    }

    fn parse(&mut self, offset: u64, number: u64) -> io::Result<Parsed> {
        let segment = self.file.id();
        let id = BlockId { segment, number };
        parse(self.file.raw(), offset, id, &mut self.buffer)
    }
}
