//! The two ends of a spool.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::{Options, Outbox, SMALLEST_SEGMENT, Writer};

/// Opens the spool in a folder: where clicks go in, and where blocks of them come out. What others
/// have left behind there comes out first.
///
/// # Errors
/// When the disk has no room, or refuses, or a segment would be too small.
pub fn open(options: Options) -> io::Result<(Arc<Writer>, Outbox)> {
    if options.segment_size < SMALLEST_SEGMENT {
        let kind = io::ErrorKind::InvalidInput;
        let reason = format!("a segment must have at least {SMALLEST_SEGMENT} bytes");
        return Err(io::Error::new(kind, reason));
    }
    let used = Arc::new(AtomicU64::new(0));
    // What was left behind counts before anything is made.
    let writer = Arc::new(Writer::new(options.clone(), used.clone()));
    let mut outbox = Outbox::new(options, writer.clone(), used);
    outbox.adopt()?;
    if let Err(error) = writer.make_spares() {
        tracing::error!(%error, "the spool has no room: clicks cannot be recorded until it has");
    }
    Ok((writer, outbox))
}
