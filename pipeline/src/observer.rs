//! Looks at the worker's surroundings once a second: readiness and gauges.
//!
//! It has its own connections, so it can tell what is missing while the worker waits for it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use contract::keys::PIPELINE_GROUP;
use contract::{Keys, Partitions};
use metrics::gauge;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Value, pipe};
use secrecy::ExposeSecret;
use service::{Lifecycle, Readiness, RedisAddress, RedisNodes};
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
    pub(crate) redis: RedisAddress,
    pub(crate) keys: Keys,
    pub(crate) partitions: Partitions,
    /// By the address of the server.
    pub(crate) connections: HashMap<String, MultiplexedConnection>,
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
        let mut connections = std::mem::take(&mut self.connections);
        let nodes = RedisNodes::look(&self.redis).await?;
        let mut by_node: HashMap<&str, Vec<u16>> = HashMap::new();
        for partition in self.partitions.all().chain(self.partitions.beyond()) {
            let node = nodes.owner_of(&self.keys.click_events(partition))?;
            by_node
                .entry(node.expose_secret())
                .or_default()
                .push(partition);
        }
        let mut waiting = Waiting { lag: 0, unread: 0 };
        for (node, partitions) in by_node {
            let connection = match connections.remove(node) {
                Some(connection) => connection,
                None => connect(node).await?,
            };
            let connection = self
                .connections
                .entry(node.to_owned())
                .or_insert(connection);
            let here = ask_node(connection, &self.keys, self.partitions, &partitions).await;
            let here = match here {
                Ok(here) => here,
                Err(error) => {
                    self.connections.clear();
                    return Err(error);
                }
            };
            waiting.lag += here.lag;
            waiting.unread += here.unread;
        }
        Ok(waiting)
    }
}

async fn connect(node: &str) -> Result<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
    let client = Client::open(node)?;
    let opened = client.get_multiplexed_async_connection_with_config(&config);
    Ok(opened.await?)
}

/// What waits in those of the streams that one server has.
async fn ask_node(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    all: Partitions,
    here: &[u16],
) -> Result<Waiting> {
    let mut questions = pipe();
    for partition in here {
        questions.cmd("XLEN").arg(keys.click_events(*partition));
    }
    let lengths: Vec<u64> = questions.query_async(connection).await?;
    let is_read = |partition: &u16| all.all().contains(partition);
    let mut waiting = Waiting { lag: 0, unread: 0 };
    let mut questions = pipe();
    for (partition, length) in here.iter().zip(lengths) {
        if is_read(partition) {
            waiting.lag += length;
            let stream = keys.click_events(*partition);
            questions.cmd("XPENDING").arg(stream).arg(PIPELINE_GROUP);
        } else {
            waiting.unread += length;
        }
    }
    if here.iter().any(is_read) {
        let _summaries: Vec<Value> = questions.query_async(connection).await?;
    }
    Ok(waiting)
}
