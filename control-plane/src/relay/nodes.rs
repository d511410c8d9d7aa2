//! The Redis processes that the relay writes to: one, or those of a cluster that have the feed or
//! records.

use std::time::Duration;

use contract::Keys;
use contract::keys::RECORD_SHARDS;
use futures_util::future::try_join_all;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, InfoDict, Pipeline, RedisResult};
use secrecy::{ExposeSecret, SecretString};
use service::{RedisAddress, RedisNodes};

use super::scripts::Scripts;
use crate::error::{Error, Result};

/// A healthy Redis answers in a millisecond; a frozen one must not stop the relay for long.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Connections, none of which is ever replaced: each leads to one Redis process, and what was found
/// out about that process holds until the connection ends. A node that no longer has what is asked
/// for says so with an error.
pub(super) struct Nodes {
    nodes: Vec<Node>,
    /// Which of them has the feed.
    feed: usize,
    /// Which of them has each shard of the records.
    shards: Vec<usize>,
}

struct Node {
    connection: MultiplexedConnection,
    run_id: String,
}

/// Commands for each of the nodes.
pub(super) struct Batch {
    pipes: Vec<Pipeline>,
}

impl Nodes {
    /// Connects to all of them.
    pub(super) async fn connect(
        address: &RedisAddress,
        keys: &Keys,
        scripts: &Scripts,
    ) -> Result<Self> {
        let known = RedisNodes::look(address).await.map_err(redis_error)?;
        let mut urls: Vec<&SecretString> = Vec::new();
        let mut place = |key: &str| {
            let url = known.owner_of(key).map_err(redis_error)?;
            let same = |other: &&SecretString| other.expose_secret() == url.expose_secret();
            Ok::<_, Error>(urls.iter().position(same).unwrap_or_else(|| {
                urls.push(url);
                urls.len() - 1
            }))
        };
        let feed = place(&keys.changes())?;
        let shards = (0..RECORD_SHARDS).map(|shard| place(&keys.position(shard)));
        let shards = shards.collect::<Result<_>>()?;
        let nodes = urls.iter().map(|url| Node::connect(url, scripts));
        Ok(Self {
            nodes: try_join_all(nodes).await.map_err(redis_error)?,
            feed,
            shards,
        })
    }

    /// Which Redis processes these are.
    pub(super) fn run_ids(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.run_id.clone()).collect()
    }

    /// Whether there is more than one.
    pub(super) fn are_several(&self) -> bool {
        self.nodes.len() > 1
    }

    /// No commands yet.
    pub(super) fn batch(&self) -> Batch {
        Batch {
            pipes: self.nodes.iter().map(|_| Pipeline::new()).collect(),
        }
    }

    /// The commands for the node that has a shard.
    pub(super) fn for_shard<'b>(
        &self,
        batch: &'b mut Batch,
        shard: u16,
    ) -> Result<&'b mut Pipeline> {
        let node = self.shards.get(usize::from(shard));
        let pipe = node.and_then(|node| batch.pipes.get_mut(*node));
        pipe.ok_or_else(|| Error::internal("redis: no node has this shard"))
    }

    /// Sends them to all nodes at the same time, and waits until all have done them.
    pub(super) async fn send(&mut self, batch: &Batch) -> Result<()> {
        let nodes = self.nodes.iter_mut().zip(&batch.pipes);
        let used = nodes.filter(|(_, pipe)| !pipe.is_empty());
        let sent = used.map(|(node, pipe)| pipe.exec_async(&mut node.connection));
        try_join_all(sent).await.map_err(redis_error)?;
        Ok(())
    }

    /// The text of a key of each shard.
    pub(super) async fn texts(&mut self, keys: &[String]) -> Result<Vec<Option<String>>> {
        let mut texts = vec![None; keys.len()];
        for (number, node) in self.nodes.iter_mut().enumerate() {
            let here = self.shards.iter().enumerate();
            let here = here.filter(|(_, place)| **place == number);
            let here: Vec<usize> = here.map(|(shard, _)| shard).collect();
            let mut pipe = Pipeline::new();
            for key in here.iter().filter_map(|shard| keys.get(*shard)) {
                pipe.get(key);
            }
            if pipe.is_empty() {
                continue;
            }
            let found = pipe.query_async(&mut node.connection).await;
            let found: Vec<Option<String>> = found.map_err(redis_error)?;
            for (shard, text) in here.into_iter().zip(found) {
                if let Some(place) = texts.get_mut(shard) {
                    *place = text;
                }
            }
        }
        Ok(texts)
    }

    /// Sends commands to the node that has the feed.
    pub(super) async fn send_to_feed<T: FromRedisValue>(&mut self, pipe: &Pipeline) -> Result<T> {
        let node = self.nodes.get_mut(self.feed);
        let node = node.ok_or_else(|| Error::internal("redis: no node has the feed"))?;
        pipe.query_async(&mut node.connection)
            .await
            .map_err(redis_error)
    }
}

impl Node {
    async fn connect(url: &SecretString, scripts: &Scripts) -> RedisResult<Self> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let client = Client::open(url.expose_secret())?;
        let connection = client.get_multiplexed_async_connection_with_config(&config);
        let mut connection = connection.await?;
        let mut info = redis::cmd("INFO");
        let info: InfoDict = info.arg("server").query_async(&mut connection).await?;
        let run_id = info.get::<String>("run_id").ok_or_else(|| {
            let kind = redis::ErrorKind::UnexpectedReturnType;
            redis::RedisError::from((kind, "INFO has no run_id"))
        })?;
        for script in scripts.all() {
            script.load_async(&mut connection).await?;
        }
        Ok(Self { connection, run_id })
    }
}

fn redis_error(error: redis::RedisError) -> Error {
    Error::Internal(format!("redis: {error}"))
}
