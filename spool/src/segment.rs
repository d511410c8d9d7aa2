//! The writer's side of a segment: records go in, seals divide them into blocks.

use std::io;
use std::path::Path;
use std::sync::Arc;

use contract::block::BLOCK_CAPACITY;
use memmap2::MmapMut;

use crate::file::SegmentFile;
use crate::layout::{HEADER, Header, LONGEST_BLOCK, MAX_RECORD, WORD, Word, footprint};
use crate::publication::{map, publish_in};

/// Bytes that a record takes in a block's payload besides its own.
const PREFIX: usize = 4;

/// A segment that is written to. Only one thread does that at a time.
#[derive(Debug)]
pub(crate) struct Segment {
    file: Arc<SegmentFile>,
    map: MmapMut,
    /// Where the next word goes.
    position: usize,
    /// The block that is not sealed yet.
    block: Open,
}

#[derive(Debug, Default, Clone, Copy)]
struct Open {
    /// Bytes of its payload, as it will be.
    bytes: usize,
    /// Bytes in the file.
    span: usize,
    records: u32,
}

impl Segment {
    /// Makes a new one, with room for `header.size` bytes.
    pub(crate) fn create(folder: &Path, header: Header) -> io::Result<Self> {
        let file = SegmentFile::create(folder, header)?;
        let length = usize::try_from(header.size).map_err(io::Error::other)?;
        let map = map(file.raw(), length);
        let map = map.inspect_err(|_| drop(file.remove()))?;
        Ok(Self {
            file: Arc::new(file),
            map,
            position: HEADER,
            block: Open::default(),
        })
    }

    pub(crate) fn file(&self) -> &Arc<SegmentFile> {
        &self.file
    }

    /// Whether some records are not in a sealed block yet.
    pub(crate) fn is_open(&self) -> bool {
        self.block.records > 0
    }

    /// Adds a record: 1 to [`MAX_RECORD`] bytes. False if it does not fit: then this segment is to
    /// be ended. No system call, and nobody is waited for.
    #[must_use]
    pub(crate) fn append(&mut self, body: &[u8]) -> bool {
        debug_assert!((1..=MAX_RECORD).contains(&body.len()));
        let is_full = self.block.bytes + PREFIX + body.len() > BLOCK_CAPACITY
            || self.block.span + footprint(body.len()) + WORD > LONGEST_BLOCK;
        // Room for two seals and the end is kept, so that those always fit.
        let needed = footprint(body.len()) + 3 * WORD;
        if self.position + needed > self.map.len() || self.file.is_given_up() {
            return false;
        }
        if is_full {
            self.seal();
        }
        let begin = self.position + WORD;
        self.map[begin..begin + body.len()].copy_from_slice(body);
        publish_in(
            &mut self.map,
            self.position,
            Word::of_record(body).to_bits(),
        );
        self.position += footprint(body.len());
        self.file.set_written(self.position);
        self.block.bytes += PREFIX + body.len();
        self.block.span += footprint(body.len());
        self.block.records += 1;
        true
    }

    /// Ends the block, if there is anything in it.
    pub(crate) fn seal(&mut self) {
        if !self.is_open() {
            return;
        }
        let count = std::mem::take(&mut self.block).records;
        self.put(Word::Seal { count });
        self.file.count_seal();
    }

    /// Says that nothing will follow. Nothing may.
    pub(crate) fn end(&mut self) {
        self.seal();
        self.put(Word::End);
        // Not a block, but something to read.
        self.file.count_seal();
    }

    /// Writes to the disk itself what was written since `from`, and returns when it is there.
    pub(crate) fn flush_from(&self, from: usize) -> io::Result<()> {
        self.map.flush_range(from, self.position - from)
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    fn put(&mut self, word: Word) {
        publish_in(&mut self.map, self.position, word.to_bits());
        self.position += WORD;
        self.file.set_written(self.position);
    }
}
