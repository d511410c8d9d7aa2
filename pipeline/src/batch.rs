//! One batch of entries, from receipt to acknowledgement.

use std::time::Instant;

use contract::{Block, BlockId};
use metrics::{counter, histogram};
use service::Lifecycle;
use tokio::sync::watch;

use crate::backoff::Backoff;
use crate::dead_letter::MAX_DELIVERIES;
use crate::entry::Entry;
use crate::intake::{Intake, Received};
use crate::store::{Outcome, Writer};
use crate::stream::ClickStream;
use crate::{Result, metrics as names};

/// Takes batches to the database and then out of the stream.
pub(crate) struct Ingest {
    pub(crate) writer: Writer,
    pub(crate) lifecycle: Lifecycle,
    /// When blocks were committed last. Written here, read by the observer.
    pub(crate) last_commit: watch::Sender<Instant>,
}

impl Ingest {
    /// Counts what can be counted, acknowledges what was, and deals with the rest. With the
    /// database away it waits, until it is told to stop: then the entries stay pending.
    ///
    /// # Errors
    /// When Redis fails. Everything that was not acknowledged is delivered again.
    pub(crate) async fn take(
        &mut self,
        stream: &mut ClickStream,
        entries: Vec<Entry>,
    ) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let start = Instant::now();
        let intake = Intake::sort(entries);
        let results = self.count(&intake.blocks).await;

        let mut done: Vec<&str> = Vec::new();
        let mut safe: Vec<BlockId> = Vec::new();
        let mut suspects: Vec<(&Entry, String)> = Vec::new();
        let (mut ingested, mut clicks, mut duplicates) = (0, 0, 0);
        for (received, result) in intake.blocks.iter().zip(results) {
            match result {
                Ok(Outcome::Accepted) => {
                    ingested += 1;
                    clicks += u64::from(received.block.click_count());
                    done.push(&received.entry.id);
                    safe.push(received.block.id);
                }
                Ok(Outcome::Duplicate) => {
                    duplicates += 1;
                    done.push(&received.entry.id);
                    safe.push(received.block.id);
                }
                Ok(Outcome::Conflict { counted }) => alarm_conflict(received, counted),
                Err(error) => suspects.push((&received.entry, error.to_string())),
            }
        }
        for entry in &intake.vanished {
            alarm_vanished(entry);
            done.push(&entry.id);
        }
        counter!(names::BLOCKS_INGESTED).increment(ingested);
        counter!(names::CLICKS_INGESTED).increment(clicks);
        counter!(names::BLOCKS_DUPLICATE).increment(duplicates);
        if ingested > 0 {
            self.last_commit.send_replace(Instant::now());
        }
        stream.remove(&done).await?;
        stream.acknowledge_blocks(&safe).await?;
        histogram!(names::INGEST_DURATION).record(start.elapsed());
        tracing::debug!(
            ingested,
            duplicates,
            clicks,
            duration_ms = start.elapsed().as_millis() as u64,
            blocks = ?intake.blocks.iter().map(|it| it.block.id.to_string()).collect::<Vec<_>>(),
            "batch committed and acknowledged"
        );

        for (entry, reason) in &intake.newer {
            alarm_newer(entry, reason);
        }
        let damaged = intake.damaged.iter();
        suspects.extend(damaged.map(|(entry, reason)| (entry, reason.to_string())));
        for (entry, reason) in suspects {
            self.suspect(stream, entry, &reason).await?;
        }
        Ok(())
    }

    /// One result per block, or none at all if it is time to stop. An error is about the block.
    async fn count(&mut self, received: &[Received]) -> Vec<Result<Outcome>> {
        let blocks: Vec<&Block> = received.iter().map(|received| &received.block).collect();
        match self.write(&blocks).await {
            None => Vec::new(),
            Some(Ok(outcomes)) => outcomes.into_iter().map(Ok).collect(),
            Some(Err(error)) if blocks.len() == 1 => vec![Err(error)],
            Some(Err(error)) => {
                // One of them is at fault, and the others must not suffer for it.
                tracing::warn!(%error, "a batch was refused: writing its blocks one by one");
                let mut results = Vec::with_capacity(blocks.len());
                for block in blocks {
                    match self.write(&[block]).await {
                        None => break,
                        Some(Err(error)) => results.push(Err(error)),
                        Some(Ok(outcomes)) => results.extend(outcomes.into_iter().map(Ok)),
                    }
                }
                results
            }
        }
    }

    /// Writes, again and again while the database is away. `None`: told to stop meanwhile.
    async fn write(&mut self, blocks: &[&Block]) -> Option<Result<Vec<Outcome>>> {
        if blocks.is_empty() {
            return Some(Ok(Vec::new()));
        }
        let mut backoff = Backoff::new();
        loop {
            match self.writer.write(blocks).await {
                Err(error) if error.is_transient() => {
                    tracing::warn!(%error, blocks = blocks.len(), "blocks wait for the database");
                    tokio::select! {
                        () = tokio::time::sleep(backoff.next()) => {}
                        () = self.lifecycle.stopping() => return None,
                    }
                }
                result => return Some(result),
            }
        }
    }

    /// Leaves an entry that cannot be counted pending, until it was tried often enough.
    async fn suspect(
        &mut self,
        stream: &mut ClickStream,
        entry: &Entry,
        reason: &str,
    ) -> Result<()> {
        let deliveries = stream.deliveries(&entry.id).await?;
        if deliveries < MAX_DELIVERIES {
            tracing::warn!(
                entry.id,
                reason,
                deliveries,
                "an entry cannot be counted, yet"
            );
            return Ok(());
        }
        let burial = self.writer.bury(stream.key(), entry, reason, deliveries);
        burial.await?;
        counter!(names::DEAD_LETTERS).increment(1);
        tracing::error!(
            entry.id,
            reason,
            deliveries,
            "an entry was given up: see dead_letters"
        );
        stream.remove(&[&entry.id]).await?;
        // From now on dead_letters is the place where it is kept. But what was damaged on its way is
        // whole where it came from: left unacknowledged, it is sent again, and counted.
        let block = entry.block_id().filter(|_| entry.is_as_sealed());
        stream.acknowledge_blocks(block.as_slice()).await
    }
}

fn alarm_conflict(received: &Received, counted: u32) {
    counter!(names::BLOCK_CONFLICTS).increment(1);
    tracing::error!(
        entry.id = received.entry.id,
        block.id = %received.block.id,
        block.crc = received.block.crc,
        counted_crc = counted,
        "a known block came with other content: the first stays counted, this one stays pending"
    );
}

fn alarm_newer(entry: &Entry, reason: &impl std::fmt::Display) {
    counter!(names::BLOCKS_NEWER).increment(1);
    tracing::error!(entry.id, %reason, "an entry waits for a newer pipeline");
}

fn alarm_vanished(entry: &Entry) {
    counter!(names::ENTRIES_VANISHED).increment(1);
    tracing::error!(
        entry.id,
        "an entry was deleted before it was counted: its proxy has to send it again"
    );
}
