//! Whoever writes to the analytics database. One per worker.

use std::collections::BTreeSet;
use std::time::Duration;

use contract::{Block, Clock, SystemClock};
use sqlx::PgConnection;
use time::Date;
use tokio::time::Instant;

use super::agents::Labels;
use super::transaction::{self, Reading};
use super::{Database, Outcome, partitions, within};
use crate::engine::{Engine, detect_engine};
use crate::entry::Entry;
use crate::{Result, dead_letter};

/// Pause between two looks at the partitions ahead.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(3600);

/// Writes batches and dead letters. Every method makes one attempt; after an error the next one
/// begins with a new connection.
pub(crate) struct Writer {
    database: Database,
    /// Days whose partition is known to exist. Forgotten at every error, since somebody may have
    /// dropped one.
    days: BTreeSet<Date>,
    /// Labels of user agents. Forgotten at every error, too.
    labels: Labels,
    upkeep_due: Instant,
}

impl Writer {
    /// Not connected yet.
    pub(crate) fn new(database: Database) -> Self {
        Self {
            database,
            days: BTreeSet::new(),
            labels: Labels::default(),
            upkeep_due: Instant::now(),
        }
    }

    /// Writes a batch: one outcome per block.
    pub(crate) async fn write(&mut self, blocks: &[&Block]) -> Result<Vec<Outcome>> {
        let mut readings = Vec::with_capacity(blocks.len());
        for &block in blocks {
            let clicks = block.clicks()?;
            let counts = block.counts()?;
            readings.push(Reading {
                block,
                clicks,
                counts,
            });
        }
        let clicks = readings.iter().flat_map(|reading| &reading.clicks);
        let mut connection = self.prepare(partitions::days(clicks)).await?;
        let patience = self.database.patience();
        let write = transaction::write(&mut connection, &mut self.labels, &readings);
        let written = within(patience, write).await;
        if written.is_ok() {
            self.database.put_back(connection);
        } else {
            self.days.clear();
            self.labels.forget();
        }
        written
    }

    /// Makes partitions ahead, once an hour and at the first call.
    pub(crate) async fn keep_up(&mut self) -> Result<()> {
        if Instant::now() < self.upkeep_due {
            return Ok(());
        }
        let connection = self.prepare(partitions::around(SystemClock.now())).await?;
        self.database.put_back(connection);
        self.upkeep_due = Instant::now() + UPKEEP_INTERVAL;
        Ok(())
    }

    /// Sets aside an entry that cannot be counted.
    pub(crate) async fn bury(
        &mut self,
        stream: &str,
        entry: &Entry,
        reason: &str,
        deliveries: u64,
    ) -> Result<()> {
        let mut connection = self.database.take().await?;
        let burial = dead_letter::insert(&mut connection, stream, entry, reason, deliveries);
        within(self.database.patience(), burial).await?;
        self.database.put_back(connection);
        Ok(())
    }

    /// A connection to a database in which clicks of these days find a place.
    async fn prepare(&mut self, mut days: BTreeSet<Date>) -> Result<PgConnection> {
        let mut connection = self.database.take().await?;
        days.retain(|day| !self.days.contains(day));
        if !days.is_empty() {
            within(self.database.patience(), make(&mut connection, &days)).await?;
            self.days.append(&mut days);
        }
        Ok(connection)
    }
}

async fn make(connection: &mut PgConnection, days: &BTreeSet<Date>) -> Result<()> {
    if detect_engine(&mut *connection).await? == Engine::Postgres {
        for day in days {
            partitions::ensure(connection, *day).await?;
        }
    }
    Ok(())
}
