//! A Redis of our own: the records of links go in as the relay writes them, clicks come out.

use anyhow::{Context, ensure};
use contract::Keys;
use local_servers::RedisServer;
use local_servers::testing::ThrowAway;

use crate::links::Link;
use crate::machine::{LOAD_CORE, lower_priority, pin_process};

/// Records written at a time.
const BATCH: usize = 1_000;

/// The prefix of all names.
const PREFIX: &str = "lp";

/// Redis, and our connection to it.
pub(crate) struct Store {
    connection: redis::Connection,
    keys: Keys,
    server: ThrowAway<RedisServer>,
}

impl Store {
    /// Starts it beside the load, which it must not delay: clicks can wait, a client cannot.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let server = ThrowAway::redis()?;
        pin_process(server.pid(), LOAD_CORE)?;
        lower_priority(server.pid())?;
        let client = redis::Client::open(server.url())?;
        let connection = client.get_connection();
        Ok(Self {
            connection: connection.context("cannot connect to our own Redis")?,
            keys: Keys::new(PREFIX),
            server,
        })
    }

    /// The address with the password.
    pub(crate) fn url(&self) -> String {
        self.server.url()
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
                    ("epoch", "loadtest".to_owned()),
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
