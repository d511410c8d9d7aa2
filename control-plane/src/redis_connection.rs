//! A connection for commands of one key each, to one Redis or to a cluster of them.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::{Client, Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, RedisResult, Value};
use secrecy::{ExposeSecret, SecretString};
use service::RedisAddress;
use tokio::sync::OnceCell;
use tokio::time::timeout;

/// Connects when first used, so that the service can start before Redis. Clones share it.
#[derive(Clone)]
pub struct RedisConnection {
    to: To,
    patience: Duration,
}

#[derive(Clone)]
enum To {
    One(ConnectionManager),
    /// It follows keys to the nodes that have them.
    Cluster(Arc<ClusterClient>, Arc<OnceCell<ClusterConnection>>),
}

/// What a command is given to.
pub enum Handle {
    /// One Redis.
    One(ConnectionManager),
    /// A cluster.
    Cluster(ClusterConnection),
}

impl RedisConnection {
    /// Whoever asks waits for `patience` at most, and there is no second attempt.
    ///
    /// # Errors
    /// When the URL cannot be understood.
    pub fn new(url: &SecretString, patience: Duration) -> RedisResult<Self> {
        let invalid = |expected| RedisError::from((ErrorKind::InvalidClientConfig, expected));
        let address = RedisAddress::parse(url).map_err(invalid)?;
        let to = if address.is_cluster() {
            let nodes = address.nodes();
            let nodes = nodes.iter().map(|node| node.expose_secret());
            let client = ClusterClientBuilder::new(nodes)
                .retries(0)
                .connection_timeout(patience)
                .response_timeout(patience)
                .build()?;
            To::Cluster(Arc::new(client), Arc::default())
        } else {
            let client = Client::open(url.expose_secret())?;
            let config = ConnectionManagerConfig::new()
                .set_number_of_retries(0)
                .set_connection_timeout(Some(patience))
                .set_response_timeout(Some(patience));
            To::One(ConnectionManager::new_lazy_with_config(client, config)?)
        };
        Ok(Self { to, patience })
    }

    /// For one command.
    ///
    /// # Errors
    /// When no node of a cluster can be asked.
    pub async fn handle(&self) -> RedisResult<Handle> {
        match &self.to {
            To::One(connection) => Ok(Handle::One(connection.clone())),
            To::Cluster(client, cell) => {
                let connecting = cell.get_or_try_init(|| client.get_async_connection());
                let connected = timeout(self.patience, connecting).await;
                let silent = || RedisError::from((ErrorKind::Io, "no node answers in time"));
                Ok(Handle::Cluster(connected.map_err(|_| silent())??.clone()))
            }
        }
    }
}

impl ConnectionLike for Handle {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(connection) => connection.req_packed_commands(commands, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}
