//! Redis from inside: the records of links go in as the relay writes them, clicks come out.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use contract::Keys;

use super::Backend;
use crate::links::Link;

/// Records written at a time.
const BATCH: usize = 1_000;

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

    /// Forgets the clicks that have arrived, which nobody consumes here, and says how many blocks
    /// they were.
    pub(crate) fn take_clicks(&mut self) -> anyhow::Result<u64> {
        let stream = self.keys.click_events(0);
        let (blocks, _): (u64, u64) = redis::pipe()
            .xlen(&stream)
            .del(&stream)
            .query(&mut self.connection)?;
        ensure!(blocks > 0, "not one block of clicks has arrived in Redis");
        Ok(blocks)
    }
}
