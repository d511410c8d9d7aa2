//! Sealed blocks on their way to Redis.
//!
//! | name | type | written here |
//! |---|---|---|
//! | `lp:click_events:{0}` | stream | one entry per block, fields of `contract::block::FIELDS` |
//!
//! An error or a timeout says nothing about whether Redis has the block. It is sent again under
//! the same id until Redis confirms it, and the pipeline counts an id once.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::{Block, Keys, block};
use fred::error::Error as RedisError;
use fred::interfaces::StreamsInterface;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;

use crate::metrics::Metrics;
use crate::redis_client::{COMMAND_TIMEOUT, Connection};

/// Blocks that may be on their way at the same time: enough to fill a connection to another data
/// centre (16 × 32 KiB in 2 ms), and little to send again when it breaks.
const MAX_IN_FLIGHT: usize = 16;

/// Pause before an attempt, doubled from the first to the second. The connection itself comes
/// back by its own schedule.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Sends blocks.
pub(crate) struct Sender {
    pub(crate) connection: Connection,
    pub(crate) keys: Keys,
    pub(crate) metrics: Arc<Metrics>,
}

impl Sender {
    /// Sends what is in `sealed` until its other end is closed and all is confirmed, or until
    /// `deadline`. What is left then is lost, and counted.
    pub(crate) async fn run(
        self,
        mut sealed: mpsc::Receiver<Block>,
        deadline: impl Future<Output = ()>,
    ) -> Result<(), std::convert::Infallible> {
        let mut deadline = pin!(deadline);
        let mut in_flight = FuturesUnordered::new();
        let mut clicks_in_flight = 0;
        let mut more_may_come = true;
        while more_may_come || !in_flight.is_empty() {
            tokio::select! {
                Some(confirmed) = in_flight.next() => clicks_in_flight -= confirmed,
                block = sealed.recv(), if more_may_come && in_flight.len() < MAX_IN_FLIGHT => match block {
                    Some(block) => {
                        clicks_in_flight += u64::from(block.count);
                        in_flight.push(self.deliver(block));
                    }
                    None => more_may_come = false,
                },
                () = &mut deadline => {
                    let waiting = std::iter::from_fn(|| sealed.try_recv().ok());
                    let waiting: u64 = waiting.map(|block| u64::from(block.count)).sum();
                    self.give_up(clicks_in_flight + waiting);
                    break;
                }
            }
        }
        self.connection.close();
        Ok(())
    }

    /// Sends one block until it is confirmed; returns the clicks in it.
    async fn deliver(&self, block: Block) -> u64 {
        let values = block.to_fields().map(Bytes::from);
        let fields: Vec<(&str, Bytes)> = block::FIELDS.into_iter().zip(values).collect();
        let mut pause = PAUSE.0;
        let mut attempts = 0;
        loop {
            if self.connection.is_up() {
                attempts += 1;
                if attempts > 1 {
                    self.metrics.blocks_resent.increment(1);
                }
                match self.append(fields.clone()).await {
                    Ok(()) => {
                        self.metrics.blocks_sent.increment(1);
                        return block.count.into();
                    }
                    Err(error) if attempts == 1 => {
                        tracing::warn!(%error, block = %block.id, "a block was not confirmed, sending it until it is");
                    }
                    Err(error) => {
                        tracing::debug!(%error, block = %block.id, attempts, "not confirmed")
                    }
                }
            }
            tokio::time::sleep(pause).await;
            pause = PAUSE.1.min(pause * 2);
        }
    }

    async fn append(&self, fields: Vec<(&str, Bytes)>) -> Result<(), RedisError> {
        let client = self.connection.within(COMMAND_TIMEOUT);
        let stream = self.keys.click_events(0);
        let _id: String = client.xadd(stream, false, None, "*", fields).await?;
        Ok(())
    }

    fn give_up(&self, clicks: u64) {
        if clicks > 0 {
            self.metrics.clicks_dropped.increment(clicks);
            tracing::error!(clicks, "clicks dropped: redis did not confirm them in time");
        }
    }
}
