use std::time::Duration;

use bytes::Bytes;
use contract::keys::{RECORD_SHARDS, record_shard};
use contract::{Keys, Record};
use fred::interfaces::HashesInterface;
use service::env::SecretUrl;
use service::{Lifecycle, RedisAddress};
use tokio::sync::watch;

use super::{ReadError, Session, Sessions};
use crate::cache::LinkKey;
use crate::coherence::Standing;
use crate::{Error, Result};

/// How long a visitor waits for Redis before the control plane is asked. A healthy Redis answers
/// in 1 ms; one that does not within this is not going to.
const PATIENCE: Duration = Duration::from_millis(400);

/// Records of links, one by one.
pub(crate) struct Records {
    /// One for all, or in a cluster one for each shard, so that it is known of each record which
    /// process it was read from.
    sessions: Vec<Sessions>,
    keys: Keys,
    /// Whether what is found can be believed.
    standing: watch::Receiver<Standing>,
}

impl Records {
    /// Not connected yet.
    pub(crate) fn new(
        url: &SecretUrl,
        keys: Keys,
        standing: watch::Receiver<Standing>,
    ) -> Result<Self> {
        let address = RedisAddress::parse(&url.0).map_err(Error::set_up("Redis"))?;
        let shards = match address.is_cluster() {
            true => 0..RECORD_SHARDS,
            false => 0..1,
        };
        let sessions = shards.map(|shard| Sessions::new(url, &keys.position(shard)));
        Ok(Self {
            sessions: sessions.collect::<Result<_>>()?,
            keys,
            standing,
        })
    }

    /// Starts to connect, and returns at once.
    pub(crate) fn start(&self, lifecycle: &Lifecycle) {
        for sessions in &self.sessions {
            sessions.start(lifecycle, "redis for records");
        }
    }

    /// Ends the connections.
    pub(crate) fn close(&self) {
        self.sessions.iter().for_each(Sessions::close);
    }

    /// The connection to where a record of this shard is.
    fn session(&self, shard: u16) -> Option<Session> {
        let number = usize::from(shard) % self.sessions.len().max(1);
        self.sessions.get(number)?.current()
    }

    /// The record of a link; `None` if Redis has none, which says nothing about whether the link
    /// exists: Redis may have been emptied.
    pub(crate) async fn get(&self, key: &LinkKey) -> Result<Option<Record>, ReadError> {
        let shard = record_shard(key.domain(), key.code());
        let session = self.session(shard).ok_or(ReadError::Away)?;
        // Before the record is read: what comes later can only make it newer.
        let epoch = self.standing.borrow().trusts(&session.run_id);
        let epoch = epoch.ok_or(ReadError::Untrusted)?.to_string();
        let name = self.keys.link(key.domain(), key.code());
        let client = session.within(PATIENCE);
        let answer = client.hmget(name, vec!["epoch", "rec"]).await;
        let (written_in, record): (Option<String>, Option<Bytes>) = session.heed(answer)?;
        // Left over from a database that is no more.
        if written_in != Some(epoch) {
            return Ok(None);
        }
        Ok(record.map(|record| Record::decode(&record)).transpose()?)
    }
}
