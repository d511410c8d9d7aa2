//! Looks at the worker's surroundings once a second: readiness and gauges.
//!
//! It has its own connections, so it can tell what is missing while the worker waits for it.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use contract::keys::PIPELINE_GROUP;
use contract::{Keys, Partitions};
use metrics::gauge;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Value, pipe};
use service::{Lifecycle, Readiness};
use tokio::sync::watch;

use crate::engine::detect_engine;
use crate::metrics as names;
use crate::store::{Database, within};
use crate::{Error, Result};

/// The database answers and has our tables.
const DATABASE: &str = "database";
/// Redis answers.
const REDIS: &str = "redis";
/// The consumer group of each stream exists.
const GROUP: &str = "group";

/// What readiness depends on.
pub(crate) const CONDITIONS: [&str; 3] = [DATABASE, REDIS, GROUP];

/// Pause between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long an answer may take before it counts as none.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Entries that are not done: those that are done are deleted.
struct Waiting {
    /// In the streams that are read.
    lag: u64,
    /// In streams that were read when there were more partitions.
    unread: u64,
}

/// See the module.
pub(crate) struct Observer {
    pub(crate) database: Database,
    pub(crate) redis: Client,
    pub(crate) keys: Keys,
    pub(crate) partitions: Partitions,
    pub(crate) connection: Option<MultiplexedConnection>,
    pub(crate) readiness: Readiness,
    pub(crate) last_commit: watch::Receiver<Instant>,
}

impl Observer {
    /// Looks until the service stops.
    pub(crate) async fn run(mut self, lifecycle: Lifecycle) -> Result<(), Infallible> {
        while !lifecycle.is_stopping() {
            let age = self.last_commit.borrow().elapsed();
            gauge!(names::LAST_COMMIT_AGE).set(age);
            self.look_at_database().await;
            self.look_at_redis().await;
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = lifecycle.stopping() => {}
            }
        }
        Ok(())
    }

    async fn look_at_database(&mut self) {
        match self.ask_database().await {
            Ok(()) => self.readiness.met(DATABASE),
            Err(error) => self.readiness.unmet(DATABASE, error),
        }
    }

    async fn ask_database(&mut self) -> Result<()> {
        let mut connection = self.database.take().await?;
        let engine = async { detect_engine(&mut connection).await };
        within(PATIENCE, engine).await?;
        self.database.put_back(connection);
        Ok(())
    }

    async fn look_at_redis(&mut self) {
        let asked = self.ask_redis().await;
        match &asked {
            Ok(Waiting { lag, unread }) => {
                gauge!(names::STREAM_LAG).set(*lag as f64);
                gauge!(names::STREAM_UNREAD).set(*unread as f64);
                self.readiness.met(REDIS);
                self.readiness.met(GROUP);
            }
            Err(Error::Redis(error)) if error.code() == Some("NOGROUP") => {
                self.readiness.met(REDIS);
                self.readiness
                    .unmet(GROUP, "the consumer group does not exist");
            }
            Err(error) => {
                self.readiness.unmet(REDIS, error);
                self.readiness.unmet(GROUP, "unknown");
            }
        }
    }

    /// An error of code NOGROUP if nobody has made the group of a stream.
    async fn ask_redis(&mut self) -> Result<Waiting> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let config = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
                let opened = self
                    .redis
                    .get_multiplexed_async_connection_with_config(&config);
                opened.await?
            }
        };
        let mut questions = pipe();
        for partition in self.partitions.all().chain(self.partitions.beyond()) {
            questions.cmd("XLEN").arg(self.keys.click_events(partition));
        }
        let lengths: Vec<u64> = questions.query_async(&mut connection).await?;
        let mut questions = pipe();
        for partition in self.partitions.all() {
            let stream = self.keys.click_events(partition);
            questions.cmd("XPENDING").arg(stream).arg(PIPELINE_GROUP);
        }
        let _summaries: Vec<Value> = questions.query_async(&mut connection).await?;
        self.connection = Some(connection);
        let (read, beyond) = lengths.split_at(self.partitions.all().len());
        Ok(Waiting {
            lag: read.iter().sum(),
            unread: beyond.iter().sum(),
        })
    }
}
