//! Redis from inside: the records of links go in as the relay writes them, clicks come out.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use contract::keys::PIPELINE_GROUP;
use contract::{Ack, Block, Keys};
use redis::streams::StreamRangeReply;
use redis::{Commands, Value};

use super::Backend;
use crate::links::Link;

/// Records written at a time.
const BATCH: usize = 1_000;

/// Blocks read at a time.
const BLOCKS_AT_ONCE: usize = 256;

/// The prefix of all names.
const PREFIX: &str = "lp";

/// How long the relay may take to begin.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to Redis.
pub(crate) struct Store {
    connection: redis::Connection,
    keys: Keys,
    /// The history that proxies believe in.
    epoch: String,
}

impl Store {
    /// Connects, and waits until the relay has begun.
    pub(crate) fn open(backend: &Backend) -> anyhow::Result<Self> {
        let client = redis::Client::open(backend.redis.url())?;
        let connection = client.get_connection();
        let mut connection = connection.context("cannot connect to our own Redis")?;
        let keys = Keys::new(PREFIX);
        let begun = Instant::now();
        let epoch = loop {
            let epoch: Option<String> =
                redis::cmd("GET").arg(keys.epoch()).query(&mut connection)?;
            match epoch {
                Some(epoch) => break epoch,
                None => ensure!(begun.elapsed() < PATIENCE, "the relay does not begin"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        // The pipeline's part: without a stream, proxies keep their clicks.
        redis::cmd("XGROUP")
            .arg(&[
                "CREATE",
                &keys.click_events(0),
                PIPELINE_GROUP,
                "0",
                "MKSTREAM",
            ])
            .exec(&mut connection)?;
        Ok(Self {
            connection,
            keys,
            epoch,
        })
    }

    /// Writes the records of these links.
    pub(crate) fn put<'l>(
        &mut self,
        links: impl IntoIterator<Item = &'l Link>,
    ) -> anyhow::Result<()> {
        let mut links = links.into_iter().peekable();
        while links.peek().is_some() {
            let mut batch = redis::pipe();
            for link in links.by_ref().take(BATCH) {
                let record = link.record();
                let name = self.keys.link(&record.domain, &record.code);
                let fields = [
                    ("epoch", self.epoch.clone()),
                    ("rev", record.revision.to_string()),
                    ("rec", record.encode()),
                ];
                batch.hset_multiple(name, &fields).ignore();
            }
            batch.query::<()>(&mut self.connection)?;
        }
        Ok(())
    }

    /// Takes the clicks that have arrived, as the pipeline would, and says how many blocks they were.
    pub(crate) fn take_clicks(&mut self) -> anyhow::Result<u64> {
        let stream = self.keys.click_events(0);
        let mut taken = 0;
        loop {
            let entries: StreamRangeReply =
                self.connection
                    .xrange_count(&stream, "-", "+", BLOCKS_AT_ONCE)?;
            if entries.ids.is_empty() {
                break;
            }
            let mut pipe = redis::pipe();
            let mut blocks = Vec::new();
            for entry in &entries.ids {
                let block = Block::from_fields(|name| match entry.map.get(name) {
                    Some(Value::BulkString(bytes)) => Some(bytes),
                    _ => None,
                })?;
                blocks.push(block.id);
                pipe.xdel(&stream, &[&entry.id]).ignore();
            }
            taken += blocks.len() as u64;
            pipe.publish(self.keys.ack(0), Ack { blocks }.encode())
                .ignore();
            pipe.query::<()>(&mut self.connection)?;
        }
        ensure!(taken > 0, "not one block of clicks has arrived in Redis");
        Ok(taken)
    }
}
