//! Looks at the worker's surroundings once a second: readiness and gauges.
//!
//! It has its own connections, so it can tell what is missing while the worker waits for it.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use contract::keys::PIPELINE_GROUP;
use metrics::gauge;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Value, cmd};
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
/// The consumer group exists.
const GROUP: &str = "group";

/// What readiness depends on.
pub(crate) const CONDITIONS: [&str; 3] = [DATABASE, REDIS, GROUP];

/// Pause between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long an answer may take before it counts as none.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// See the module.
pub(crate) struct Observer {
    pub(crate) database: Database,
    pub(crate) redis: Client,
    pub(crate) stream: String,
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
            Ok(lag) => {
                gauge!(names::STREAM_LAG).set(*lag as f64);
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

    /// Entries in the stream, all of which wait: those that are done are deleted. An error of
    /// code NOGROUP if nobody has made the group.
    async fn ask_redis(&mut self) -> Result<u64> {
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
        let lag = cmd("XLEN")
            .arg(&self.stream)
            .query_async(&mut connection)
            .await?;
        let mut pending = cmd("XPENDING");
        pending.arg(&self.stream).arg(PIPELINE_GROUP);
        let _summary: Value = pending.query_async(&mut connection).await?;
        self.connection = Some(connection);
        Ok(lag)
    }
}
