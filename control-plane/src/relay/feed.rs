//! The Redis side of the relay.

use contract::keys::{RECORD_SHARDS, record_shard};
use contract::{Change, FeedMessage, Heartbeat, Keys, Record};
use redis::Pipeline;
use redis::streams::StreamRangeReply;
use secrecy::SecretString;
use service::RedisAddress;
use uuid::Uuid;

use super::nodes::Nodes;
use super::position::Known;
use super::scripts::Scripts;
use crate::db::{Head, LoggedChange};
use crate::error::{Error, Result};

/// Publishes changes and heartbeats.
pub struct Feed {
    nodes: Nodes,
    keys: Keys,
    scripts: Scripts,
}

impl Feed {
    /// Connects.
    pub async fn connect(url: &SecretString, keys: Keys) -> Result<Self> {
        let address = RedisAddress::parse(url).map_err(Error::internal)?;
        let scripts = Scripts::new();
        Ok(Self {
            nodes: Nodes::connect(&address, &keys, &scripts).await?,
            keys,
            scripts,
        })
    }

    /// Which Redis processes these are.
    pub fn run_ids(&self) -> Vec<String> {
        self.nodes.run_ids()
    }

    /// Whether Redis is more than one process.
    pub fn is_divided(&self) -> bool {
        self.nodes.are_several()
    }

    /// What Redis has of the log and of the records.
    pub async fn position(&mut self) -> Result<Known> {
        let positions = (0..RECORD_SHARDS).map(|shard| self.keys.position(shard));
        let shards = self.nodes.texts(&positions.collect::<Vec<_>>()).await?;
        let mut pipe = redis::pipe();
        pipe.get(self.keys.epoch())
            .xrevrange_count(self.keys.changes(), "+", "-", 1);
        let (epoch, newest): (Option<String>, StreamRangeReply) =
            self.nodes.send_to_feed(&pipe).await?;
        let seq = match newest.ids.first() {
            Some(entry) => entry.id.split('-').next().and_then(|seq| seq.parse().ok()),
            None => Some(0),
        };
        Ok(Known { epoch, seq, shards })
    }

    /// Removes a log that says nothing about our history. The records and positions stay: each
    /// carries its epoch, so that nobody takes it for one of ours.
    pub async fn start_over(&mut self, epoch: Uuid) -> Result<()> {
        let mut pipe = redis::pipe();
        pipe.atomic()
            .del(self.keys.changes())
            .del(self.keys.heartbeat())
            .set(self.keys.epoch(), epoch.to_string());
        self.nodes.send_to_feed::<()>(&pipe).await
    }

    /// Of each change record, log, message: in this order, so that whoever hears of a change
    /// finds it. In the end the positions of all shards, which must not be ahead of their records.
    /// `published` is the change that the first of these follows, and the log has those up to
    /// `logged`.
    ///
    /// A record is not written if the log has a later one of the same name. While an emptied Redis is
    /// filled again, it would hold states that proxies have left behind, and one of them could
    /// look the link up at that moment.
    pub async fn publish(
        &mut self,
        epoch: Uuid,
        published: i64,
        logged: i64,
        changes: &[LoggedChange],
    ) -> Result<()> {
        let mut records = self.nodes.batch();
        let mut log = redis::pipe();
        for change in changes {
            let record = Record::decode(change.record.as_bytes()).map_err(Error::internal)?;
            if !change.is_superseded {
                let shard = record_shard(record.domain(), record.code());
                self.nodes
                    .for_shard(&mut records, shard)?
                    .cmd("EVALSHA")
                    .arg(self.scripts.compare_and_set.get_hash())
                    .arg(1)
                    .arg(self.keys.link(record.domain(), record.code()))
                    .arg(epoch.to_string())
                    .arg(record.revision())
                    .arg(&change.record)
                    .ignore();
            }
            if change.seq <= logged {
                continue;
            }
            let change = Change {
                seq: change.seq as u64,
                epoch: Some(epoch),
                record,
            };
            log.cmd("EVALSHA")
                .arg(self.scripts.append.get_hash())
                .arg(1)
                .arg(self.keys.changes())
                .arg(change.seq)
                .arg(change.encode())
                .arg(contract::keys::CHANGES_KEPT)
                .ignore();
            self.announce(&mut log, &FeedMessage::Change(change).encode());
        }
        self.nodes.send(&records).await?;
        if !log.is_empty() {
            self.nodes.send_to_feed::<()>(&log).await?;
        }
        if let Some(last) = changes.last() {
            self.advance(epoch, published, last.seq).await?;
        }
        metrics::counter!("linkpulse_relay_changes_total").increment(changes.len() as u64);
        Ok(())
    }

    /// Writes down that all shards have the records of the changes between two.
    async fn advance(&mut self, epoch: Uuid, from: i64, to: i64) -> Result<()> {
        let mut positions = self.nodes.batch();
        for shard in 0..RECORD_SHARDS {
            self.nodes
                .for_shard(&mut positions, shard)?
                .cmd("EVALSHA")
                .arg(self.scripts.advance.get_hash())
                .arg(1)
                .arg(self.keys.position(shard))
                .arg(epoch.to_string())
                .arg(from)
                .arg(to)
                .ignore();
        }
        self.nodes.send(&positions).await
    }

    /// Tells proxies where the log stands, and that this Redis has all of it.
    pub async fn heartbeat(&mut self, head: &Head) -> Result<()> {
        let heartbeat = Heartbeat {
            redis_runs: self.run_ids(),
            ..head.to_heartbeat()
        };
        let message = FeedMessage::Heartbeat(heartbeat).encode();
        let mut pipe = redis::pipe();
        pipe.set(self.keys.heartbeat(), &message).ignore();
        self.announce(&mut pipe, &message);
        self.nodes.send_to_feed::<()>(&pipe).await
    }

    fn announce(&self, pipe: &mut Pipeline, message: &str) {
        pipe.publish(self.keys.invalidate(), message).ignore();
    }
}
