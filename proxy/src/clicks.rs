//! Clicks on their way from a request to a sealed block.
//!
//! In this cut they wait in memory: what is not yet in Redis is lost with the process. The block
//! format and the ids are those of the durable way already.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use contract::{Block, BlockBuilder, BlockId, Click, SegmentId};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::metrics::Metrics;

/// A block is looked at this often, and sealed at the second look: at most 200 ms old.
const LOOK: Duration = Duration::from_millis(100);

/// Makes the two ends of the buffer: where clicks go in, and where at most `capacity` sealed
/// blocks wait to be sent. When it is full, further blocks are dropped and counted.
pub(crate) fn buffer(
    capacity: usize,
    metrics: Arc<Metrics>,
) -> (Arc<Recorder>, mpsc::Receiver<Block>) {
    let (queue, sealed) = mpsc::channel(capacity);
    let filling = Filling {
        block: BlockBuilder::new(),
        since: Instant::now(),
        segment: SegmentId(Uuid::new_v4().into_bytes()),
        next_number: 0,
        queue: Some(queue),
    };
    let recorder = Recorder {
        filling: Mutex::new(filling),
        closed: CancellationToken::new(),
        metrics,
    };
    (Arc::new(recorder), sealed)
}

/// Where clicks go in.
pub(crate) struct Recorder {
    /// Protects the block being filled. Held for a copy of some 200 bytes by each redirect, and
    /// for a checksum of 32 KiB by the one that fills the block.
    filling: Mutex<Filling>,
    closed: CancellationToken,
    metrics: Arc<Metrics>,
}

struct Filling {
    block: BlockBuilder,
    /// When the first click of the block came.
    since: Instant,
    segment: SegmentId,
    next_number: u64,
    /// Gone once the recorder is closed, which tells the sender that no more will come.
    queue: Option<mpsc::Sender<Block>>,
}

impl Recorder {
    /// Takes a click. Never waits for anybody but another click.
    pub(crate) fn record(&self, click: &Click<'_>) {
        let mut filling = self.lock();
        if filling.queue.is_none() {
            self.metrics.clicks_dropped.increment(1);
            return;
        }
        if filling.block.is_empty() {
            filling.since = Instant::now();
        }
        if !filling.block.push(click) {
            self.seal(&mut filling);
            filling.since = Instant::now();
            let fits = filling.block.push(click);
            debug_assert!(fits, "every click fits into an empty block");
        }
        self.metrics.clicks_recorded.increment(1);
    }

    /// Seals blocks that are old, until the recorder is closed.
    pub(crate) async fn seal_regularly(self: Arc<Self>) -> Result<(), std::convert::Infallible> {
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = self.closed.cancelled() => return Ok(()),
                _ = look.tick() => self.seal_old(),
            }
        }
    }

    /// Seals the last block. Whatever comes afterwards is dropped.
    pub(crate) fn close(&self) {
        let mut filling = self.lock();
        if !filling.block.is_empty() {
            self.seal(&mut filling);
        }
        filling.queue = None;
        self.closed.cancel();
    }

    /// While blocks wait to be sent, only full ones are sealed: sealing by age would fill the
    /// buffer with nearly empty blocks.
    fn seal_old(&self) {
        let mut filling = self.lock();
        let nothing_waits = filling
            .queue
            .as_ref()
            .is_some_and(|queue| queue.capacity() == queue.max_capacity());
        if !filling.block.is_empty() && filling.since.elapsed() >= LOOK && nothing_waits {
            self.seal(&mut filling);
        }
    }

    fn seal(&self, filling: &mut Filling) {
        let id = BlockId {
            segment: filling.segment,
            number: filling.next_number,
        };
        let block = std::mem::replace(&mut filling.block, BlockBuilder::new()).seal(id);
        filling.next_number += 1;
        let count = block.count;
        let is_queued = filling
            .queue
            .as_ref()
            .is_some_and(|queue| queue.try_send(block).is_ok());
        if !is_queued {
            self.metrics.clicks_dropped.increment(count.into());
            tracing::error!(clicks = count, "clicks dropped: the buffer is full");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Filling> {
        self.filling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{Method, RequestId, Timestamp};

    fn click(user_agent: &str) -> Click<'_> {
        Click {
            clicked_at: Timestamp::from_micros(0),
            request_id: RequestId(Uuid::nil()),
            link_id: None,
            visitor: None,
            method: Method::Get,
            is_prefetch: false,
            is_do_not_track: false,
            is_qr: false,
            variant: 0,
            rule: 0,
            status: 302,
            country: None,
            domain: "localhost",
            code: "abc",
            user_agent,
            referrer: "",
            language: "",
            city: "",
            query: "",
        }
    }

    #[test]
    fn full_blocks_are_numbered_and_nothing_is_lost() {
        let (recorder, mut sealed) = buffer(100, Arc::new(Metrics::new()));
        for _ in 0..1_000 {
            recorder.record(&click(&"x".repeat(400)));
        }
        recorder.close();
        let blocks: Vec<Block> = std::iter::from_fn(|| sealed.try_recv().ok()).collect();
        let numbers: Vec<u64> = blocks.iter().map(|block| block.id.number).collect();
        assert_eq!(numbers, (0..blocks.len() as u64).collect::<Vec<_>>());
        let clicks: usize = blocks
            .iter()
            .map(|block| block.clicks().unwrap().len())
            .sum();
        assert_eq!(clicks, 1_000);
    }

    #[test]
    fn a_full_buffer_drops_and_goes_on() {
        let (recorder, mut sealed) = buffer(1, Arc::new(Metrics::new()));
        for _ in 0..1_000 {
            recorder.record(&click(&"x".repeat(400)));
        }
        recorder.close();
        assert_eq!(sealed.try_recv().unwrap().id.number, 0);
        assert!(sealed.try_recv().is_err());
        recorder.record(&click("too late"));
    }

    #[tokio::test]
    async fn old_blocks_are_sealed_unless_others_wait() {
        let (recorder, mut sealed) = buffer(10, Arc::new(Metrics::new()));
        let sealing = tokio::spawn(recorder.clone().seal_regularly());
        recorder.record(&click(""));
        assert_eq!(sealed.recv().await.unwrap().count, 1);

        recorder.record(&click(""));
        while sealed.is_empty() {
            tokio::time::sleep(LOOK / 10).await;
        }
        recorder.record(&click(""));
        tokio::time::sleep(LOOK * 3).await;
        recorder.record(&click(""));
        assert_eq!(sealed.len(), 1, "the sender is behind");
        assert_eq!(sealed.recv().await.unwrap().count, 1);
        assert_eq!(sealed.recv().await.unwrap().count, 2);
        recorder.close();
        sealing.await.unwrap().unwrap();
    }
}
