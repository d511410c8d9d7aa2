//! Takes over what workers that died, or stand still, have left unfinished.

use std::time::Duration;

use tokio::time::Instant;

use crate::Result;
use crate::entry::Entry;
use crate::stream::ClickStream;

/// Where XAUTOCLAIM begins, and what it returns at the end of the stream.
const START: &str = "0-0";

/// The look-out for abandoned entries. It also brings back a worker's own entries that could not
/// be counted: that is how often a damaged entry is tried again.
pub(crate) struct Reclaim {
    idle: Duration,
    interval: Duration,
    due: Instant,
    cursor: String,
}

impl Reclaim {
    /// Takes over what nobody touched for `idle`; looks every `interval`, at once the first time.
    pub(crate) fn new(idle: Duration, interval: Duration) -> Self {
        Self {
            idle,
            interval,
            due: Instant::now(),
            cursor: START.to_owned(),
        }
    }

    /// The next few abandoned entries, if it is time to look. A long list takes several calls, so
    /// that new entries get their turn in between.
    pub(crate) async fn next(
        &mut self,
        stream: &mut ClickStream,
        count: u32,
    ) -> Result<Vec<Entry>> {
        if Instant::now() < self.due {
            return Ok(Vec::new());
        }
        let (cursor, entries) = stream.claim_idle(self.idle, &self.cursor, count).await?;
        if cursor == START {
            self.due = Instant::now() + self.interval;
        }
        self.cursor = cursor;
        Ok(entries)
    }
}
