//! The table of counts, for clicks that have no room: visits of links by minute, and what not even
//! that had room for. In a file from the start, so that it is there when the disk is full.

use std::io;
use std::path::Path;
use std::sync::Arc;

use contract::count::MINUTE;
use contract::{Click, LinkId, Timestamp};
use memmap2::MmapMut;

use crate::file::SegmentFile;
use crate::layout::{HEADER, Header};
use crate::publication::{map, publish_in};

/// Links and minutes that fit.
pub(crate) const PLACES: usize = 16_384;

/// Bytes of a place: link (16), minute (8), counts (8).
pub(crate) const PLACE: usize = 32;

/// Length of the file.
pub(crate) const TABLE_SIZE: u64 = (HEADER + PLACES * PLACE) as u64;

/// Beyond this many, looking for a place takes long: another table is to be had.
const FULL: usize = PLACES / 4 * 3;

/// Where the header keeps whether the table is closed, and the gap: from, until, hits.
pub(crate) const CLOSED_AT: usize = 128;
pub(crate) const GAP_AT: usize = 136;

/// Any other number than 0 would do.
pub(crate) const CLOSED: u64 = 1;

/// A table that is written to.
#[derive(Debug)]
pub(crate) struct Table {
    file: Arc<SegmentFile>,
    map: MmapMut,
    used: usize,
    gap: u64,
}

impl Table {
    /// Makes an empty one.
    pub(crate) fn create(folder: &Path, header: Header) -> io::Result<Self> {
        let file = SegmentFile::create(folder, header)?;
        let map = map(file.raw(), TABLE_SIZE as usize);
        let map = map.inspect_err(|_| drop(file.remove()))?;
        Ok(Self {
            file: Arc::new(file),
            map,
            used: 0,
            gap: 0,
        })
    }

    pub(crate) fn file(&self) -> &Arc<SegmentFile> {
        &self.file
    }

    /// Whether it has counted anything.
    pub(crate) fn is_used(&self) -> bool {
        self.used > 0 || self.gap > 0
    }

    /// Whether another one should take its place.
    pub(crate) fn is_full(&self) -> bool {
        self.used >= FULL
    }

    /// Counts a click. False: there is no place for its link and minute.
    pub(crate) fn count(&mut self, click: &Click<'_>, is_person: bool) -> bool {
        let Some(link) = click.link_id else {
            return false;
        };
        let micros = click.clicked_at.as_micros();
        let minute = micros - micros.rem_euclid(MINUTE);
        let Some(place) = self.place(link, minute) else {
            return false;
        };
        let counts = self.word(place + 24);
        let (clicks, others) = (counts as u32, (counts >> 32) as u32);
        let (clicks, others) = match is_person {
            true => (clicks.saturating_add(1), others),
            false => (clicks, others.saturating_add(1)),
        };
        let counts = u64::from(clicks) | u64::from(others) << 32;
        publish_in(&mut self.map, place + 24, counts);
        true
    }

    /// Where the counts of a link and minute are, or may be.
    fn place(&mut self, link: LinkId, minute: i64) -> Option<usize> {
        let id = link.0.as_u128();
        // Names of links are random in their lower half.
        let first = (id as u64 ^ (minute / MINUTE) as u64) as usize;
        for step in 0..PLACES {
            let place = HEADER + (first.wrapping_add(step) % PLACES) * PLACE;
            if self.word(place + 24) == 0 {
                if self.is_full() {
                    return None;
                }
                self.used += 1;
                self.map[place..place + 16].copy_from_slice(link.0.as_bytes());
                self.map[place + 16..place + 24].copy_from_slice(&minute.to_le_bytes());
                return Some(place);
            }
            let is_it = self.map[place..place + 16] == *link.0.as_bytes()
                && self.word(place + 16) == minute as u64;
            if is_it {
                return Some(place);
            }
        }
        None
    }

    /// Notes that there was a hit, and nothing else about it.
    pub(crate) fn lose(&mut self, at: Timestamp) {
        let at = at.as_micros() as u64;
        if self.gap == 0 {
            publish_in(&mut self.map, GAP_AT, at);
        }
        publish_in(&mut self.map, GAP_AT + 8, at);
        self.gap += 1;
        publish_in(&mut self.map, GAP_AT + 16, self.gap);
    }

    /// Nothing will be counted here any more.
    pub(crate) fn close(mut self) {
        publish_in(&mut self.map, CLOSED_AT, CLOSED);
        self.file.count_seal();
    }

    fn word(&self, at: usize) -> u64 {
        let mut word = [0; 8];
        word.copy_from_slice(&self.map[at..at + 8]);
        u64::from_le_bytes(word)
    }
}
