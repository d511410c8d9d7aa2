//! The Redis side of the relay.

use std::time::Duration;

use contract::{Change, FeedMessage, Heartbeat, Keys, Record};
use redis::aio::MultiplexedConnection;
use redis::streams::StreamRangeReply;
use redis::{AsyncConnectionConfig, Script};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::db::{Head, LoggedChange};
use crate::error::{Error, Result};

/// A healthy Redis answers in a millisecond; a frozen one must not stop the relay for long.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Writes the record unless Redis has a newer one of the same history. KEYS: the link.
/// ARGV: epoch, revision, record.
const COMPARE_AND_SET: &str = "
    local known = redis.call('HMGET', KEYS[1], 'epoch', 'rev')
    if known[1] == ARGV[1] and tonumber(known[2]) >= tonumber(ARGV[2]) then return 0 end
    redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'rev', ARGV[2], 'rec', ARGV[3])
    return 1";

/// Publishes changes and heartbeats.
pub struct Feed {
    connection: MultiplexedConnection,
    keys: Keys,
    compare_and_set: Script,
}

impl Feed {
    /// Connects.
    pub async fn connect(url: &SecretString, keys: Keys) -> Result<Self> {
        let client = redis::Client::open(url.expose_secret()).map_err(redis_error)?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let connection = client.get_multiplexed_async_connection_with_config(&config);
        Ok(Self {
            connection: connection.await.map_err(redis_error)?,
            keys,
            compare_and_set: Script::new(COMPARE_AND_SET),
        })
    }

    /// Number of the last change that is in Redis. A log of another history, or one ahead of
    /// ours, says nothing about us and is removed.
    pub async fn position(&mut self, epoch: Uuid, head_seq: i64) -> Result<i64> {
        let mut pipe = redis::pipe();
        pipe.get(self.keys.epoch())
            .xrevrange_count(self.keys.changes(), "+", "-", 1);
        let (known_epoch, newest): (Option<String>, StreamRangeReply) = pipe
            .query_async(&mut self.connection)
            .await
            .map_err(redis_error)?;
        let seq = match newest.ids.first() {
            Some(entry) => entry.id.split('-').next().and_then(|seq| seq.parse().ok()),
            None => Some(0),
        };
        match (known_epoch, seq) {
            (Some(known), Some(seq)) if known == epoch.to_string() && seq <= head_seq => Ok(seq),
            (known, seq) => {
                if known.is_some() || seq != Some(0) {
                    tracing::warn!(
                        ?known,
                        ?seq,
                        head_seq,
                        "Redis holds another history, starting over"
                    );
                }
                let mut pipe = redis::pipe();
                pipe.atomic()
                    .del(self.keys.changes())
                    .set(self.keys.epoch(), epoch.to_string());
                pipe.query_async::<()>(&mut self.connection)
                    .await
                    .map_err(redis_error)?;
                Ok(0)
            }
        }
    }

    /// Record, log, message: in this order, so that whoever hears of a change finds it.
    pub async fn publish(&mut self, epoch: Uuid, logged: &LoggedChange) -> Result<()> {
        let record = Record::decode(logged.record.as_bytes()).map_err(Error::internal)?;
        let link_key = self.keys.link(record.domain(), record.code());
        let mut script = self.compare_and_set.key(link_key);
        script
            .arg(epoch.to_string())
            .arg(record.revision())
            .arg(&logged.record);
        script
            .invoke_async::<()>(&mut self.connection)
            .await
            .map_err(redis_error)?;

        let change = Change {
            seq: logged.seq as u64,
            record,
        };
        let id = format!("{}-0", change.seq);
        let mut add = redis::cmd("XADD");
        add.arg(self.keys.changes())
            .arg("MAXLEN")
            .arg("~")
            .arg(contract::keys::CHANGES_KEPT);
        add.arg(&id).arg("change").arg(change.encode());
        match add.query_async::<String>(&mut self.connection).await {
            Ok(_) => {}
            // The explicit id makes this safe: a second relay, or an answer that got lost.
            Err(error) if error.to_string().contains("equal or smaller") => {}
            Err(error) => return Err(redis_error(error)),
        }
        self.announce(&FeedMessage::Change(change)).await?;
        metrics::counter!("linkpulse_relay_changes_total").increment(1);
        Ok(())
    }

    /// Tells proxies where the log stands.
    pub async fn heartbeat(&mut self, head: &Head) -> Result<()> {
        let heartbeat = Heartbeat {
            head_seq: head.seq as u64,
            epoch: head.epoch,
            database_time: head.database_time.into(),
        };
        self.announce(&FeedMessage::Heartbeat(heartbeat)).await
    }

    async fn announce(&mut self, message: &FeedMessage) -> Result<()> {
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(self.keys.invalidate()).arg(message.encode());
        publish
            .query_async::<()>(&mut self.connection)
            .await
            .map_err(redis_error)
    }
}

fn redis_error(error: redis::RedisError) -> Error {
    Error::Internal(format!("redis: {error}"))
}
