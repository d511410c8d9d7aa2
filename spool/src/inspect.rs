//! What is in a spool, for people. Takes no lock for longer than a look, and changes nothing.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use contract::{BlockId, Count, SegmentId, Timestamp};
use rustix::fs::{FlockOperation, flock};

use crate::file::{acked_below, read_header};
use crate::layout::{HEADER, Kind};
use crate::parse::{Parsed, parse};
use crate::table_reader::{GAP_BLOCK, counts, is_closed};

/// What a file in the folder is.
#[derive(Debug)]
pub struct Inspected {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it, or why nobody can tell.
    pub content: Result<Content, String>,
}

/// What is in a segment.
#[derive(Debug)]
pub struct Content {
    /// Names its blocks.
    pub id: SegmentId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Bytes on disk.
    pub size: u64,
    /// Bytes that are written to.
    pub filled: u64,
    /// Whether a process has it now.
    pub is_in_use: bool,
    /// Blocks that are sealed.
    pub blocks: u64,
    /// Of these, the first that need not be sent again.
    pub acknowledged: u64,
    /// Clicks in sealed blocks.
    pub clicks: u64,
    /// Clicks behind the last seal.
    pub unsealed: u64,
    /// Clicks of which only their link's number is left, and hits of which nothing else is known.
    pub tallied: u64,
    /// See `tallied`.
    pub in_gap: u64,
    /// Blocks that cannot be read.
    pub lost: u64,
    /// How it ends.
    pub end: End,
}

/// How a segment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nothing will follow.
    Closed,
    /// More may follow.
    Open,
    /// Nobody can read what follows.
    Damaged,
}

/// Looks at all segments of a folder, also at those that were set aside.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn inspect(folder: &Path) -> io::Result<Vec<Inspected>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if matches!(extension, Some("spool" | "damaged")) {
            paths.push(path);
        }
    }
    paths.sort();
    let mut inspected = Vec::new();
    for path in paths {
        match look(&path) {
            Ok(content) => inspected.push(Inspected { path, content }),
            // Done and removed while we looked.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(inspected)
}

fn look(path: &Path) -> io::Result<Result<Content, String>> {
    let file = File::open(path)?;
    let header = match read_header(&file)? {
        Ok(header) => header,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let is_in_use = flock(&file, FlockOperation::NonBlockingLockShared).is_err();
    if !is_in_use {
        // Somebody may want to adopt it.
        flock(&file, FlockOperation::Unlock)?;
    }
    let mut content = Content {
        id: header.id,
        created_at: Timestamp::from_micros(header.created_at),
        size: header.size,
        filled: HEADER as u64,
        is_in_use,
        blocks: 0,
        acknowledged: acked_below(&file)?,
        clicks: 0,
        unsealed: 0,
        tallied: 0,
        in_gap: 0,
        lost: 0,
        end: End::Open,
    };
    if header.kind == Kind::Counts {
        count(&file, &mut content)?;
        return Ok(Ok(content));
    }
    let mut buffer = Vec::new();
    loop {
        let (segment, number) = (header.id, content.blocks);
        let id = BlockId { segment, number };
        let length = match parse(&file, content.filled, id, &mut buffer)? {
            Parsed::Block(block, length) => {
                content.clicks += u64::from(block.count);
                length
            }
            Parsed::Lost(length) => {
                content.lost += 1;
                length
            }
            Parsed::Open { records, length } => {
                content.unsealed = records.into();
                content.filled += length as u64;
                return Ok(Ok(content));
            }
            Parsed::End => {
                content.end = End::Closed;
                return Ok(Ok(content));
            }
            Parsed::Damaged => {
                content.end = End::Damaged;
                return Ok(Ok(content));
            }
        };
        content.filled += length as u64;
        content.blocks += 1;
    }
}

fn count(file: &File, content: &mut Content) -> io::Result<()> {
    for number in 0..=GAP_BLOCK {
        let counts = counts(file, number)?;
        content.blocks += u64::from(!counts.is_empty());
        for count in counts {
            match count {
                Count::Tally(tally) => {
                    content.tallied += u64::from(tally.clicks) + u64::from(tally.other_hits);
                }
                Count::Gap(gap) => content.in_gap += gap.hits,
            }
        }
    }
    content.filled = content.size;
    // Names of blocks have gaps where nothing was counted.
    content.acknowledged = content.acknowledged.min(content.blocks);
    content.end = match is_closed(file)? {
        true => End::Closed,
        false => End::Open,
    };
    Ok(())
}
