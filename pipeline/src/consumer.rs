//! The worker: reads a partition of the stream, batch by batch, until it is told to stop.

use metrics::counter;
use service::RedisAddress;

use crate::backoff::Backoff;
use crate::batch::Ingest;
use crate::reclaim::Reclaim;
use crate::removal::Sweep;
use crate::stream::ClickStream;
use crate::{Config, Result, metrics as names};

/// The first id there is.
const OLDEST: &str = "0";

/// One worker at one partition. It has one batch in hand at a time, and connections of its own.
pub(crate) struct Worker {
    pub(crate) partition: u16,
    pub(crate) config: Config,
    pub(crate) redis: RedisAddress,
    pub(crate) ingest: Ingest,
}

impl Worker {
    /// Works until the service stops. Whatever happens to Redis or to the group, the worker
    /// begins again: entries that were not acknowledged come back.
    pub(crate) async fn run(mut self) -> Result<()> {
        let lifecycle = self.ingest.lifecycle.clone();
        let mut backoff = Backoff::new();
        while !lifecycle.is_stopping() {
            if let Err(error) = self.session(&mut backoff).await {
                tracing::warn!(%error, partition = self.partition, "the worker begins again");
                tokio::select! {
                    () = tokio::time::sleep(backoff.next()) => {}
                    () = lifecycle.stopping() => {}
                }
            }
        }
        Ok(())
    }

    /// Works on one connection to Redis, until it fails or the service stops.
    async fn session(&mut self, backoff: &mut Backoff) -> Result<()> {
        let lifecycle = self.ingest.lifecycle.clone();
        let Config {
            keys,
            consumer,
            batch_blocks,
            ..
        } = &self.config;
        // First of all: what cannot be written must not be taken out of others' reach.
        self.ingest.writer.keep_up().await?;
        let mut stream =
            ClickStream::open(&self.redis, keys, self.partition, consumer.clone()).await?;

        let mut after = OLDEST.to_owned();
        while !lifecycle.is_stopping() {
            let entries = stream.read_own_pending(&after, *batch_blocks).await?;
            let Some(last) = entries.last() else {
                break;
            };
            after.clone_from(&last.id);
            self.ingest.take(&mut stream, entries).await?;
        }
        backoff.reset();

        let mut reclaim = Reclaim::new(self.config.claim_idle, self.config.reclaim_interval);
        let mut sweep = Sweep::new(self.config.reclaim_interval);
        while !lifecycle.is_stopping() {
            self.ingest.writer.keep_up().await?;
            sweep.look(&mut stream).await?;
            let abandoned = reclaim.next(&mut stream, *batch_blocks).await?;
            counter!(names::ENTRIES_RECLAIMED).increment(abandoned.len() as u64);
            self.ingest.take(&mut stream, abandoned).await?;
            let new = stream.read_new(*batch_blocks).await?;
            self.ingest.take(&mut stream, new).await?;
        }
        Ok(())
    }
}
