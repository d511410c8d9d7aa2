//! The Redis side of the relay.

use std::time::Duration;

use contract::{Change, FeedMessage, Heartbeat, Keys, Record};
use redis::aio::MultiplexedConnection;
use redis::streams::StreamRangeReply;
use redis::{AsyncConnectionConfig, InfoDict, Pipeline};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::scripts::Scripts;
use crate::db::{Head, LoggedChange};
use crate::error::{Error, Result};

/// A healthy Redis answers in a millisecond; a frozen one must not stop the relay for long.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Publishes changes and heartbeats.
///
/// One connection, never replaced: it leads to one Redis process, and what was found out about
/// that process holds until the connection ends.
pub struct Feed {
    connection: MultiplexedConnection,
    run_id: String,
    keys: Keys,
    scripts: Scripts,
}

/// What a Redis has of the log.
#[derive(Debug)]
pub struct Known {
    epoch: Option<String>,
    /// Number of the newest entry, 0 for an empty log; `None` if it is not one of ours.
    seq: Option<i64>,
}

impl Known {
    /// How far Redis has got with the history of `head`; `None` if it holds another.
    pub fn seq_in(&self, head: &Head) -> Option<i64> {
        let is_ours = self.epoch.as_deref() == Some(head.epoch.to_string().as_str());
        self.seq.filter(|seq| is_ours && *seq <= head.seq)
    }

    /// Whether Redis has changes of this very history that the database does not have.
    pub fn is_ahead_of(&self, head: &Head) -> bool {
        self.epoch.as_deref() == Some(head.epoch.to_string().as_str())
            && self.seq.is_some_and(|seq| seq > head.seq)
    }
}

impl Feed {
    /// Connects.
    pub async fn connect(url: &SecretString, keys: Keys) -> Result<Self> {
        let client = redis::Client::open(url.expose_secret()).map_err(redis_error)?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let connection = client.get_multiplexed_async_connection_with_config(&config);
        let mut connection = connection.await.map_err(redis_error)?;
        let mut info = redis::cmd("INFO");
        let info: InfoDict = info
            .arg("server")
            .query_async(&mut connection)
            .await
            .map_err(redis_error)?;
        let run_id = info.get::<String>("run_id");
        let run_id = run_id.ok_or_else(|| Error::internal("redis: INFO has no run_id"))?;
        let scripts = Scripts::new();
        for script in [&scripts.compare_and_set, &scripts.append] {
            let loaded = script.load_async(&mut connection).await;
            loaded.map_err(redis_error)?;
        }
        Ok(Self {
            connection,
            run_id,
            keys,
            scripts,
        })
    }

    /// Which Redis process this is.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// What this Redis has of the log.
    pub async fn position(&mut self) -> Result<Known> {
        let mut pipe = redis::pipe();
        pipe.get(self.keys.epoch())
            .xrevrange_count(self.keys.changes(), "+", "-", 1);
        let (epoch, newest): (Option<String>, StreamRangeReply) = self.send(&pipe).await?;
        let seq = match newest.ids.first() {
            Some(entry) => entry.id.split('-').next().and_then(|seq| seq.parse().ok()),
            None => Some(0),
        };
        Ok(Known { epoch, seq })
    }

    /// Removes a log that says nothing about our history. The records stay: each carries its
    /// epoch, so that nobody takes it for one of ours.
    pub async fn start_over(&mut self, epoch: Uuid) -> Result<()> {
        let mut pipe = redis::pipe();
        pipe.atomic()
            .del(self.keys.changes())
            .del(self.keys.heartbeat())
            .set(self.keys.epoch(), epoch.to_string());
        self.send::<()>(&pipe).await
    }

    /// Of each change record, log, message: in this order, so that whoever hears of a change
    /// finds it.
    ///
    /// A record is not written if the log has a later one of the same name. While an emptied Redis is
    /// filled again, it would hold states that proxies have left behind, and one of them could
    /// look the link up at that moment.
    pub async fn publish(&mut self, epoch: Uuid, changes: &[LoggedChange]) -> Result<()> {
        let mut pipe = redis::pipe();
        for logged in changes {
            let record = Record::decode(logged.record.as_bytes()).map_err(Error::internal)?;
            if !logged.is_superseded {
                pipe.cmd("EVALSHA")
                    .arg(self.scripts.compare_and_set.get_hash())
                    .arg(1)
                    .arg(self.keys.link(record.domain(), record.code()))
                    .arg(epoch.to_string())
                    .arg(record.revision())
                    .arg(&logged.record)
                    .ignore();
            }
            let change = Change {
                seq: logged.seq as u64,
                epoch: Some(epoch),
                record,
            };
            pipe.cmd("EVALSHA")
                .arg(self.scripts.append.get_hash())
                .arg(1)
                .arg(self.keys.changes())
                .arg(change.seq)
                .arg(change.encode())
                .arg(contract::keys::CHANGES_KEPT)
                .ignore();
            self.announce(&mut pipe, &FeedMessage::Change(change).encode());
        }
        self.send::<()>(&pipe).await?;
        metrics::counter!("linkpulse_relay_changes_total").increment(changes.len() as u64);
        Ok(())
    }

    /// Tells proxies where the log stands, and that this Redis has all of it.
    pub async fn heartbeat(&mut self, head: &Head) -> Result<()> {
        let heartbeat = Heartbeat {
            redis_runs: vec![self.run_id.clone()],
            ..head.to_heartbeat()
        };
        let message = FeedMessage::Heartbeat(heartbeat).encode();
        let mut pipe = redis::pipe();
        pipe.set(self.keys.heartbeat(), &message).ignore();
        self.announce(&mut pipe, &message);
        self.send::<()>(&pipe).await
    }

    fn announce(&self, pipe: &mut Pipeline, message: &str) {
        pipe.publish(self.keys.invalidate(), message).ignore();
    }

    async fn send<T: redis::FromRedisValue>(&mut self, pipe: &Pipeline) -> Result<T> {
        pipe.query_async(&mut self.connection)
            .await
            .map_err(redis_error)
    }
}

fn redis_error(error: redis::RedisError) -> Error {
    Error::Internal(format!("redis: {error}"))
}
