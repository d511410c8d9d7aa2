//! Where blocks come out: in order, again where asked for, until each is acknowledged.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use contract::{Block, BlockId, SegmentId};

use crate::file::{Found, SegmentFile, list};
use crate::options::Options;
use crate::reader::Step;
use crate::readers::Reader;
use crate::writer::Writer;

/// The reading side of the spool. One owner; every method may wait for the disk.
pub struct Outbox {
    options: Options,
    writer: Arc<Writer>,
    used: Arc<AtomicU64>,
    segments: BTreeMap<u64, Tracked>,
    /// Place in `segments` of a segment, by name.
    places: HashMap<SegmentId, u64>,
    next_place: u64,
    losses: Losses,
    /// Files that were told about in the log.
    unreadable: BTreeSet<PathBuf>,
}

/// What was found not to be as it was written, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Losses {
    /// Blocks that cannot be read. Their files are kept.
    pub blocks: u64,
    /// Files of which the rest, or everything, cannot be read. They are kept.
    pub segments: u64,
}

/// A segment whose blocks are on their way.
struct Tracked {
    reader: Reader,
    /// Where blocks are that were given out and are not acknowledged.
    out: BTreeMap<u64, u64>,
    /// All blocks below this number are acknowledged.
    acked_below: u64,
    /// Acknowledged blocks above it.
    acked: BTreeSet<u64>,
    has_ended: bool,
    is_damaged: bool,
}

impl Outbox {
    pub(crate) fn new(options: Options, writer: Arc<Writer>, used: Arc<AtomicU64>) -> Self {
        Self {
            options,
            writer,
            used,
            segments: BTreeMap::new(),
            places: HashMap::new(),
            next_place: 0,
            losses: Losses::default(),
            unreadable: BTreeSet::new(),
        }
    }

    /// Takes over what processes have left behind that are gone. Worth repeating: a neighbour may
    /// die at any time.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn adopt(&mut self) -> io::Result<usize> {
        let mut adopted = 0;
        for path in list(&self.options.folder)? {
            match SegmentFile::adopt(&path) {
                Ok(Found::Ours(file)) => {
                    self.used.fetch_add(file.size(), Ordering::AcqRel);
                    self.track(Arc::new(file), true)?;
                    adopted += 1;
                }
                Ok(Found::Taken) => {}
                Ok(Found::Unreadable(_)) if self.unreadable.contains(&path) => {}
                Ok(Found::Unreadable(error)) => {
                    tracing::error!(%error, path = %path.display(), "a segment cannot be read, and stays");
                    self.losses.segments += 1;
                    self.unreadable.insert(path);
                }
                Err(error) => {
                    tracing::error!(%error, path = %path.display(), "a segment cannot be opened");
                }
            }
        }
        Ok(adopted)
    }

    fn track(&mut self, file: Arc<SegmentFile>, is_orphan: bool) -> io::Result<()> {
        let acked_below = if is_orphan { file.acked_below()? } else { 0 };
        let place = self.next_place;
        self.next_place += 1;
        self.places.insert(file.id(), place);
        let tracked = Tracked {
            reader: Reader::new(file, is_orphan),
            out: BTreeMap::new(),
            acked_below,
            acked: BTreeSet::new(),
            has_ended: false,
            is_damaged: false,
        };
        self.segments.insert(place, tracked);
        Ok(())
    }

    /// The next blocks that were not given out yet, oldest segments first, at most `limit`.
    pub fn next(&mut self, limit: usize) -> Vec<Block> {
        for file in self.writer.take_made() {
            // Only files of others are read for it, so this cannot fail.
            if let Err(error) = self.track(file, false) {
                tracing::error!(%error, "a new segment cannot be followed");
            }
        }
        let mut blocks = Vec::new();
        let mut done = Vec::new();
        for (place, tracked) in &mut self.segments {
            if blocks.len() >= limit {
                break;
            }
            tracked.take(limit, &mut blocks, &mut self.losses);
            if tracked.is_done() {
                done.push(*place);
            }
        }
        for place in done {
            self.drop_segment(place);
        }
        blocks
    }

    /// A block that was given out before and is not acknowledged, to be sent again. `None`: it is
    /// acknowledged meanwhile, or cannot be read any more.
    pub fn again(&mut self, id: BlockId) -> Option<Block> {
        let place = self.places.get(&id.segment)?;
        let tracked = self.segments.get_mut(place)?;
        let offset = *tracked.out.get(&id.number)?;
        match tracked.reader.again(id.number, offset) {
            Ok(block) => Some(block),
            Err(error) => {
                tracing::error!(%error, block = %id, "a block can no longer be read");
                None
            }
        }
    }

    /// Takes note that a block is safe elsewhere. Strangers' blocks and those known already are
    /// nothing new: false.
    pub fn acknowledge(&mut self, id: BlockId) -> bool {
        let Some(&place) = self.places.get(&id.segment) else {
            return false;
        };
        let Some(tracked) = self.segments.get_mut(&place) else {
            return false;
        };
        if !tracked.acknowledge(id.number) {
            return false;
        }
        if tracked.is_done() {
            self.drop_segment(place);
        }
        true
    }

    /// Whether nothing is left: all segments have ended, and all their blocks are acknowledged.
    pub fn is_done(&self) -> bool {
        self.segments.is_empty()
    }

    /// Segments that are on disk.
    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    /// What could not be read so far.
    pub fn losses(&self) -> Losses {
        self.losses
    }

    /// Whether a block was given out and is not acknowledged.
    pub fn is_out(&self, id: BlockId) -> bool {
        let place = self.places.get(&id.segment);
        let tracked = place.and_then(|place| self.segments.get(place));
        tracked.is_some_and(|tracked| tracked.out.contains_key(&id.number))
    }

    /// Bytes that all segments take on disk.
    pub fn bytes(&self) -> u64 {
        self.used.load(Ordering::Acquire)
    }

    fn drop_segment(&mut self, place: u64) {
        let Some(tracked) = self.segments.remove(&place) else {
            return;
        };
        let file = tracked.reader.file();
        self.places.remove(&file.id());
        self.used.fetch_sub(file.size(), Ordering::AcqRel);
        let path = file.path().display();
        if tracked.is_damaged {
            match file.quarantine() {
                Ok(path) => {
                    tracing::error!(path = %path.display(), "a damaged segment was set aside");
                }
                Err(error) => {
                    tracing::error!(%error, %path, "a damaged segment could not be set aside");
                }
            }
        } else if let Err(error) = file.remove() {
            // It will be adopted again, and its blocks will be recognised.
            tracing::error!(%error, %path, "a segment that is done could not be removed");
        }
    }
}

impl Tracked {
    fn take(&mut self, limit: usize, blocks: &mut Vec<Block>, losses: &mut Losses) {
        while !self.has_ended && blocks.len() < limit {
            let number = self.reader.next_number();
            match self.reader.next() {
                Ok(Step::Block(block, offset)) => {
                    if number >= self.acked_below && !self.acked.contains(&number) {
                        self.out.insert(number, offset);
                        blocks.push(block);
                    }
                }
                Ok(Step::Empty) => drop(self.acknowledge(number)),
                Ok(Step::Nothing) => break,
                Ok(Step::Ended) => self.has_ended = true,
                Ok(Step::Lost) => {
                    tracing::error!(path = %self.reader.file().path().display(), number, "a block cannot be read");
                    losses.blocks += 1;
                    self.is_damaged = true;
                    self.acknowledge(number);
                }
                Ok(Step::Damaged) => {
                    tracing::error!(path = %self.reader.file().path().display(), from = number, "the rest of a segment cannot be read");
                    losses.segments += 1;
                    self.is_damaged = true;
                    self.has_ended = true;
                    self.reader.file().give_up();
                }
                Err(error) => {
                    tracing::error!(%error, path = %self.reader.file().path().display(), "a segment cannot be read now");
                    break;
                }
            }
        }
    }

    /// Whether that was news.
    fn acknowledge(&mut self, number: u64) -> bool {
        if number < self.acked_below || !self.acked.insert(number) {
            return false;
        }
        self.out.remove(&number);
        let before = self.acked_below;
        while self.acked.remove(&self.acked_below) {
            self.acked_below += 1;
        }
        if self.acked_below > before
            && let Err(error) = self.reader.file().set_acked_below(self.acked_below)
        {
            tracing::warn!(%error, "what is acknowledged could not be noted");
        }
        true
    }

    fn is_done(&self) -> bool {
        self.has_ended && self.out.is_empty()
    }
}
