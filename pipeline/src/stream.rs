//! One partition of the click stream, seen by one worker.
//!
//! | name | type | written by | read by | lifetime |
//! |---|---|---|---|---|
//! | `Keys::click_events(p)` | stream | proxies | group `pipeline` | an entry lives until it is committed, and no other group needs it: `removal` |
//! | group `pipeline` of it | consumer group | this module | this module | for ever; made again when it is gone |
//! | `Keys::ack(p)` | channel | this module | proxies | – |

use std::collections::BTreeSet;
use std::time::Duration;

use contract::ack::ACK_CAPACITY;
use contract::keys::PIPELINE_GROUP;
use contract::{Ack, BlockId, Keys};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Value, cmd};
use service::{RedisAddress, RedisNodes};

use crate::Result;
use crate::entry::{self, Entry};
use crate::groups::StreamId;

/// How long a read waits for the first entry. A stop waits for as long, at worst.
const BLOCK: Duration = Duration::from_millis(500);

/// How long any answer may take. Above [`BLOCK`] by far, and not without limit: else a worker
/// would wait for ever for a server that vanished without closing the connection. The library's
/// own limit of 500 ms would break every read that has to wait.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// One worker's place at the stream. The connection is nobody else's, since a waiting read keeps
/// everything behind it waiting too.
pub(crate) struct ClickStream {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) key: String,
    ack_channel: String,
    consumer: String,
    /// Entries that were counted, and that another group needs.
    pub(crate) kept: BTreeSet<StreamId>,
}

impl ClickStream {
    /// Connects, and makes stream and group where they are missing.
    ///
    /// The group begins at the oldest entry, so clicks that came before the first pipeline are
    /// counted, and so are those that were waiting when somebody destroyed the group.
    ///
    /// In a cluster it connects to the node that has the stream. When the stream moves, the next
    /// command fails, and whoever opens it again finds it.
    pub(crate) async fn open(
        redis: &RedisAddress,
        keys: &Keys,
        partition: u16,
        consumer: String,
    ) -> Result<Self> {
        let key = keys.click_events(partition);
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(RESPONSE_TIMEOUT));
        let client = RedisNodes::look(redis).await?.client_for(&key)?;
        let opened = client.get_multiplexed_async_connection_with_config(&config);
        let mut connection = opened.await?;
        let created = cmd("XGROUP")
            .arg(&["CREATE", &key, PIPELINE_GROUP, "0", "MKSTREAM"])
            .exec_async(&mut connection)
            .await;
        match created {
            Ok(()) => tracing::info!(stream = key, "consumer group created"),
            Err(error) if error.code() == Some("BUSYGROUP") => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Self {
            connection,
            key,
            ack_channel: keys.ack(partition),
            consumer,
            kept: BTreeSet::new(),
        })
    }

    /// Entries that nobody in the group has received yet; waits for the first one for a moment.
    pub(crate) async fn read_new(&mut self, count: u32) -> Result<Vec<Entry>> {
        self.read(">", count).await
    }

    /// Entries after `after` that were given to this worker's name and not acknowledged.
    pub(crate) async fn read_own_pending(&mut self, after: &str, count: u32) -> Result<Vec<Entry>> {
        self.read(after, count).await
    }

    async fn read(&mut self, after: &str, count: u32) -> Result<Vec<Entry>> {
        let reply: Value = cmd("XREADGROUP")
            .arg(&["GROUP", PIPELINE_GROUP, &self.consumer])
            .arg(&["COUNT", &count.to_string()])
            .arg(&["BLOCK", &BLOCK.as_millis().to_string()])
            .arg(&["STREAMS", &self.key, after])
            .query_async(&mut self.connection)
            .await?;
        Ok(entry::from_reading(reply)?)
    }

    /// Takes over entries that nobody has touched for `idle`, whoever has them, from `cursor` on
    /// (at first `0-0`). Returns the cursor to go on with; `0-0` again at the end of the stream.
    pub(crate) async fn claim_idle(
        &mut self,
        idle: Duration,
        cursor: &str,
        count: u32,
    ) -> Result<(String, Vec<Entry>)> {
        // The third part, ids of entries that are gone, has left the pending list already.
        let (cursor, entries, _gone): (String, Value, Value) = cmd("XAUTOCLAIM")
            .arg(&[&self.key, PIPELINE_GROUP, &self.consumer])
            .arg(idle.as_millis() as u64)
            .arg(cursor)
            .arg("COUNT")
            .arg(count)
            .query_async(&mut self.connection)
            .await?;
        Ok((cursor, entry::from_list(entries)?))
    }

    /// How often an entry was given to a worker; 0 if it is no longer pending.
    pub(crate) async fn deliveries(&mut self, id: &str) -> Result<u64> {
        let pending: Vec<(String, String, u64, u64)> = cmd("XPENDING")
            .arg(&[&self.key, PIPELINE_GROUP, id, id, "1"])
            .query_async(&mut self.connection)
            .await?;
        Ok(pending.first().map_or(0, |(.., deliveries)| *deliveries))
    }

    /// Tells proxies that blocks are safe, and need not be kept any longer. To be called when
    /// their entries are removed, since a block without an entry is one that a proxy sends again.
    ///
    /// Nobody has to hear it: see [`Ack`].
    pub(crate) async fn acknowledge_blocks(&mut self, blocks: &[BlockId]) -> Result<()> {
        for blocks in blocks.chunks(ACK_CAPACITY) {
            let ack = Ack {
                blocks: blocks.to_vec(),
            };
            cmd("PUBLISH")
                .arg(&self.ack_channel)
                .arg(ack.encode())
                .exec_async(&mut self.connection)
                .await?;
        }
        Ok(())
    }

    /// Name of the stream.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}
