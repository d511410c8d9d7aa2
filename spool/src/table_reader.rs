//! A closed table of counts, as blocks. The same table gives the same blocks whenever it is read.

use std::fs::File;
use std::io;
use std::sync::Arc;

use contract::{Block, BlockId, Count, Gap, LinkId, Tally, Timestamp};
use uuid::Uuid;

use crate::file::{SegmentFile, read_at};
use crate::layout::HEADER;
use crate::reader::Step;
use crate::table::{CLOSED, CLOSED_AT, GAP_AT, PLACE, PLACES};

/// Places in one block: 37 KiB at most, and less than half of that as a rule.
const PLACES_PER_BLOCK: usize = 1_024;

/// The block behind those of the places: the gap.
pub(crate) const GAP_BLOCK: u64 = (PLACES / PLACES_PER_BLOCK) as u64;

/// Reads one table from its beginning.
#[derive(Debug)]
pub(crate) struct TableReader {
    file: Arc<SegmentFile>,
    next_number: u64,
    is_orphan: bool,
}

impl TableReader {
    pub(crate) fn new(file: Arc<SegmentFile>, is_orphan: bool) -> Self {
        Self {
            file,
            next_number: 0,
            is_orphan,
        }
    }

    pub(crate) fn file(&self) -> &Arc<SegmentFile> {
        &self.file
    }

    pub(crate) fn next_number(&self) -> u64 {
        self.next_number
    }

    /// The next block, or why there is none.
    pub(crate) fn next(&mut self) -> io::Result<Step> {
        if !self.is_orphan && self.file.sealed() == 0 {
            return Ok(Step::Nothing);
        }
        if self.next_number > GAP_BLOCK {
            return Ok(Step::Ended);
        }
        if self.is_orphan {
            // Nobody writes to it, so it is closed; a later heir must see the same.
            self.file.write(&CLOSED.to_le_bytes(), CLOSED_AT as u64)?;
        }
        let number = self.next_number;
        let block = self.read(number)?;
        self.next_number += 1;
        Ok(match block.count {
            0 => Step::Empty,
            _ => Step::Block(block, 0),
        })
    }

    pub(crate) fn again(&mut self, number: u64) -> io::Result<Block> {
        self.read(number)
    }

    fn read(&self, number: u64) -> io::Result<Block> {
        let segment = self.file.id();
        let counts = counts(self.file.raw(), number)?;
        Ok(Block::of_counts(BlockId { segment, number }, &counts))
    }
}

/// The counts of a block.
pub(crate) fn counts(file: &File, number: u64) -> io::Result<Vec<Count>> {
    match number {
        GAP_BLOCK => gap(file),
        _ => tallies(file, number),
    }
}

/// Whether nothing more will be counted.
pub(crate) fn is_closed(file: &File) -> io::Result<bool> {
    let mut bytes = [0; 8];
    read_at(file, &mut bytes, CLOSED_AT as u64)?;
    Ok(u64::from_le_bytes(bytes) == CLOSED)
}

fn tallies(file: &File, number: u64) -> io::Result<Vec<Count>> {
    let mut bytes = vec![0; PLACES_PER_BLOCK * PLACE];
    let offset = HEADER as u64 + number * bytes.len() as u64;
    read_at(file, &mut bytes, offset)?;
    let (places, _) = bytes.as_chunks::<PLACE>();
    let tally = |place: &[u8; PLACE]| {
        let counts = word(place, 24);
        (counts != 0).then(|| {
            let mut link = [0; 16];
            link.copy_from_slice(&place[..16]);
            Count::Tally(Tally {
                link_id: LinkId(Uuid::from_bytes(link)),
                minute: Timestamp::from_micros(word(place, 16) as i64),
                clicks: counts as u32,
                other_hits: (counts >> 32) as u32,
            })
        })
    };
    Ok(places.iter().filter_map(tally).collect())
}

fn gap(file: &File) -> io::Result<Vec<Count>> {
    let mut bytes = [0; 24];
    read_at(file, &mut bytes, GAP_AT as u64)?;
    let hits = word(&bytes, 16);
    let gap = Count::Gap(Gap {
        from: Timestamp::from_micros(word(&bytes, 0) as i64),
        until: Timestamp::from_micros(word(&bytes, 8) as i64),
        hits,
    });
    Ok((hits > 0).then_some(gap).into_iter().collect())
}

fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}
