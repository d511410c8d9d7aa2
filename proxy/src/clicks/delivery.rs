//! Blocks on their way to Redis, and what becomes of them there.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::{Ack, Block, BlockId};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use spool::{Outbox, Writer};

use super::on_the_way::OnTheWay;
use super::transport::{Transport, TransportError};
use crate::metrics::Metrics;

/// The spool is looked at this often, and old blocks are sealed at every second look: a click is in
/// a sealed block after 200 ms at most.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS_PER_SEAL: u32 = 2;

/// Figures are shown every second.
const LOOKS_PER_FIGURES: u32 = 20;

/// Segments of processes that are gone are looked for this often.
const LOOKS_PER_ADOPTION: u32 = 600;

/// Blocks that may be on their way to Redis at the same time: enough to fill a connection to
/// another data centre (16 × 32 KiB in 2 ms).
const MAX_IN_FLIGHT: usize = 16;

/// Entries that are looked for at the same time.
const MAX_LOOKS: usize = 8;

/// Pause before an attempt, doubled from the first to the second. The connection itself comes
/// back by its own schedule.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How long a stop waits for acknowledgements once Redis has everything. What comes too late is
/// sent again by the next process.
const LAST_ACKS: Duration = Duration::from_millis(500);

/// Brings blocks from the spool to the pipeline.
pub(crate) struct Delivery<T> {
    transport: Arc<T>,
    spool: Arc<Writer>,
    outbox: Outbox,
    metrics: Arc<Metrics>,
    /// Blocks that Redis may have of ours without their being committed. It bounds the stream.
    window: usize,
    /// To be sent: again, or for the first time.
    queue: VecDeque<Block>,
    way: OnTheWay,
    connections: u64,
}

/// What an attempt to deliver ended with.
struct Confirmed {
    block: BlockId,
    entry: String,
}

/// What a look for an entry ended with.
struct Looked {
    block: BlockId,
    is_gone: Result<bool, TransportError>,
}

impl<T: Transport> Delivery<T> {
    pub(crate) fn new(
        transport: T,
        spool: Arc<Writer>,
        outbox: Outbox,
        window: usize,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            connections: transport.connections(),
            transport: Arc::new(transport),
            spool,
            outbox,
            metrics,
            window,
            queue: VecDeque::new(),
            way: OnTheWay::default(),
        }
    }

    /// Delivers until the spool is closed and Redis has everything, or until `deadline`. What is
    /// left stays in the spool for the next process.
    ///
    /// Reads from the disk in between, so it must not run where others are waited for.
    pub(crate) async fn run(
        mut self,
        mut acks: tokio::sync::mpsc::Receiver<Ack>,
        deadline: impl Future<Output = ()>,
    ) -> Result<(), Infallible> {
        let mut deadline = pin!(deadline);
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut in_flight = FuturesUnordered::new();
        let mut looks = FuturesUnordered::new();
        let mut turn = 0_u32;
        let mut all_sent_at = None;
        loop {
            tokio::select! {
                _ = look.tick() => {
                    turn = turn.wrapping_add(1);
                    self.look_after(turn);
                }
                Some(confirmed) = in_flight.next() => self.confirm(confirmed),
                Some(looked) = looks.next() => self.looked(looked),
                Some(ack) = acks.recv() => self.acknowledge(&ack),
                () = &mut deadline => {
                    tracing::warn!(segments = self.outbox.segments(), "clicks stay in the spool for the next start");
                    break;
                }
            }
            while in_flight.len() < MAX_IN_FLIGHT
                && in_flight.len() + self.way.len() < self.window
                && let Some(block) = self.next_block()
            {
                in_flight.push(deliver(self.transport.clone(), self.metrics.clone(), block));
            }
            while looks.len() < MAX_LOOKS
                && let Some((block, entry)) = self.next_look()
            {
                looks.push(look_for(self.transport.clone(), block, entry));
            }
            if self.spool.is_closed() && in_flight.is_empty() && self.queue.is_empty() {
                let since = *all_sent_at.get_or_insert_with(Instant::now);
                if self.outbox.is_done() || since.elapsed() >= LAST_ACKS {
                    break;
                }
            } else {
                all_sent_at = None;
            }
        }
        self.transport.close();
        Ok(())
    }

    fn look_after(&mut self, turn: u32) {
        // While blocks wait, only full ones are sealed: sealing by age would make many small ones.
        if turn.is_multiple_of(LOOKS_PER_SEAL) && self.queue.is_empty() && self.has_room() {
            self.spool.seal_old();
        }
        if turn.is_multiple_of(LOOKS_PER_ADOPTION)
            && let Err(error) = self.outbox.adopt()
        {
            tracing::warn!(%error, "the spool's folder cannot be read");
        }
        let connections = self.transport.connections();
        if connections != self.connections {
            self.connections = connections;
            self.way.suspect_all(Instant::now());
        }
        if turn.is_multiple_of(LOOKS_PER_FIGURES) {
            let oldest = self.way.oldest();
            self.metrics
                .spool
                .show(&self.outbox, self.way.len(), oldest);
        }
    }

    fn has_room(&self) -> bool {
        self.way.len() < self.window
    }

    fn next_block(&mut self) -> Option<Block> {
        if self.queue.is_empty() {
            self.queue.extend(self.outbox.next(MAX_IN_FLIGHT));
        }
        self.queue.pop_front()
    }

    fn next_look(&mut self) -> Option<(BlockId, String)> {
        match self.transport.is_up() {
            true => self.way.next_look(Instant::now()),
            false => None,
        }
    }

    fn confirm(&mut self, Confirmed { block, entry }: Confirmed) {
        self.metrics.blocks_sent.increment(1);
        // The acknowledgement may have been faster.
        if self.outbox.is_out(block) {
            self.way.sent(block, entry, Instant::now());
        }
    }

    fn looked(&mut self, Looked { block, is_gone }: Looked) {
        match is_gone {
            Ok(true) if self.outbox.is_out(block) => {
                // One that cannot be read just now is looked for again later.
                if let Some(again) = self.outbox.again(block) {
                    self.way.remove(block);
                    self.metrics.blocks_missed.increment(1);
                    tracing::debug!(block = %block, "gone from redis without being acknowledged, sent again");
                    self.queue.push_front(again);
                }
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, block = %block, "could not be looked for"),
        }
    }

    fn acknowledge(&mut self, ack: &Ack) {
        let mut news = 0;
        for block in &ack.blocks {
            if self.outbox.acknowledge(*block) {
                news += 1;
            }
            self.way.remove(*block);
        }
        self.metrics.blocks_acknowledged.increment(news);
    }
}

/// Sends one block until it is confirmed.
async fn deliver<T: Transport>(
    transport: Arc<T>,
    metrics: Arc<Metrics>,
    block: Block,
) -> Confirmed {
    let mut pause = PAUSE.0;
    let mut attempts = 0;
    loop {
        if transport.is_up() {
            attempts += 1;
            if attempts > 1 {
                metrics.blocks_resent.increment(1);
            }
            match transport.append(&block).await {
                Ok(entry) => {
                    let block = block.id;
                    return Confirmed { block, entry };
                }
                Err(error) if attempts == 1 => {
                    tracing::warn!(%error, block = %block.id, "a block was not confirmed, sending it until it is");
                }
                Err(error) => {
                    tracing::debug!(%error, block = %block.id, attempts, "not confirmed");
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = PAUSE.1.min(pause * 2);
    }
}

async fn look_for<T: Transport>(transport: Arc<T>, block: BlockId, entry: String) -> Looked {
    let is_gone = transport.has(block, &entry).await.map(|has| !has);
    Looked { block, is_gone }
}
