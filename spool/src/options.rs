//! How a spool is kept.

use std::path::PathBuf;
use std::time::Duration;

use contract::Timestamp;

use crate::layout::{HEADER, LONGEST_BLOCK};

/// A segment must hold some blocks.
pub const SMALLEST_SEGMENT: u64 = (HEADER + 2 * LONGEST_BLOCK) as u64;

/// When what is in memory that the system looks after reaches the disk itself. Only the end of the
/// machine makes a difference: what a process has recorded survives the process in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncPolicy {
    /// When the system thinks fit: within half a minute, as a rule.
    Never,
    /// Within this time, without anybody waiting for it.
    Every(Duration),
    /// Before a click is called recorded. Redirects wait for the disk.
    Always,
}

/// How a spool is kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where. It must be there, and may be shared with other processes.
    pub folder: PathBuf,
    /// Bytes of a segment, from [`SMALLEST_SEGMENT`]. Smaller ones are given back sooner and are
    /// made more often.
    pub segment_size: u64,
    /// Bytes that all segments may take.
    pub quota: u64,
    /// What survives the end of the machine.
    pub sync: SyncPolicy,
    /// Threads that record.
    pub threads: usize,
    /// Tells the time.
    pub now: fn() -> Timestamp,
}
