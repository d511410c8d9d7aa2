//! What the proxy reads from Redis.
//!
//! | name | type | written by | used here |
//! |---|---|---|---|
//! | `lp:link:{domain}:{code}` | hash `epoch`, `rev`, `rec` | relay | [`Records`] |
//! | `lp:changes` | stream, id `{seq}-0`, field `change` | relay | [`ChangeLog`] |
//! | `lp:invalidate` | channel | relay | [`Subscription`] |

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use contract::{Change, DecodeError, FeedMessage, Keys, Record};
use fred::error::{Error as RedisError, ErrorKind};
use fred::interfaces::{
    ClientLike, EventInterface, HashesInterface, PubsubInterface, StreamsInterface,
};
use fred::types::config::Server;
use fred::types::{Message, Value};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::cache::LinkKey;
use crate::redis_client::{COMMAND_TIMEOUT, Connection};

/// How long a visitor waits for Redis before the control plane is asked. A healthy Redis answers
/// in 1 ms; one that does not within this is not going to.
const PATIENCE: Duration = Duration::from_millis(400);

/// Entries of the change log read at a time: 300 KB or so.
const PAGE: u64 = 1_000;

/// Why Redis gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// It could not be asked, or did not answer.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// What it holds cannot be understood.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// Records of links, one by one.
pub(crate) struct Records {
    pub(crate) connection: Connection,
    pub(crate) keys: Keys,
}

impl Records {
    /// The record of a link; `None` if Redis has none, which says nothing about whether the link
    /// exists: Redis may have been emptied.
    pub(crate) async fn get(&self, key: &LinkKey) -> Result<Option<Record>, ReadError> {
        let client = self.connection.within(PATIENCE);
        let name = self.keys.link(key.domain(), key.code());
        let record: Option<Bytes> = client.hget(name, "rec").await?;
        Ok(record.map(|record| Record::decode(&record)).transpose()?)
    }
}

/// The log of changes, for what the subscription did not bring.
pub(crate) struct ChangeLog {
    pub(crate) connection: Connection,
    pub(crate) keys: Keys,
}

/// An entry of the log.
#[derive(Debug)]
pub(crate) struct LogEntry {
    /// Its position.
    pub(crate) seq: u64,
    /// The change, or why it cannot be understood.
    pub(crate) change: Result<Change, DecodeError>,
}

impl ChangeLog {
    /// Position of the last entry, 0 for an empty log.
    pub(crate) async fn last_seq(&self) -> Result<u64, ReadError> {
        let client = self.connection.within(COMMAND_TIMEOUT);
        let name = self.keys.changes();
        let last: Vec<(String, HashMap<String, Bytes>)> =
            client.xrevrange_values(name, "+", "-", Some(1)).await?;
        last.first().map_or(Ok(0), |(id, _)| seq_of(id))
    }

    /// The first entries after `seq`, in order; empty at the end.
    pub(crate) async fn after(&self, seq: u64) -> Result<Vec<LogEntry>, ReadError> {
        let client = self.connection.within(COMMAND_TIMEOUT);
        let start = format!("{}-0", seq.saturating_add(1));
        let entries: Vec<(String, HashMap<String, Bytes>)> = client
            .xrange_values(self.keys.changes(), start, "+", Some(PAGE))
            .await?;
        let entry = |(id, fields): &(String, HashMap<String, Bytes>)| {
            let change = fields.get("change").map_or(&b""[..], |bytes| bytes);
            Ok(LogEntry {
                seq: seq_of(id)?,
                change: Change::decode(change),
            })
        };
        entries.iter().map(entry).collect()
    }
}

fn seq_of(id: &str) -> Result<u64, ReadError> {
    let seq = id.strip_suffix("-0").and_then(|seq| seq.parse().ok());
    seq.ok_or_else(|| {
        ReadError::Decode(DecodeError::Malformed {
            what: "id in the change log",
            reason: id.to_owned(),
        })
    })
}

/// The live feed of changes and heartbeats. At most once: what is lost is in the log.
pub(crate) struct Subscription {
    connection: Connection,
    channel: String,
    messages: Receiver<Message>,
    reconnects: Receiver<Server>,
}

/// What a subscription has to tell.
#[derive(Debug)]
pub(crate) enum FeedEvent {
    /// A message.
    Message(FeedMessage),
    /// There is a new connection, which has no subscription yet.
    Connected,
    /// Messages were lost, or could not be understood.
    Missed,
}

impl Subscription {
    /// Not subscribed yet: the first event is `Connected`. Make it before the connection is
    /// started, or that event may be missed.
    pub(crate) fn new(connection: Connection, keys: &Keys) -> Self {
        Self {
            messages: connection.client.message_rx(),
            reconnects: connection.client.reconnect_rx(),
            channel: keys.invalidate(),
            connection,
        }
    }

    /// Subscribes on the present connection. Harmless if it is subscribed already.
    pub(crate) async fn subscribe(&self) -> Result<(), ReadError> {
        let subscribing = async {
            // A new connection is announced a moment before it takes commands.
            while !self.connection.is_up() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let client = &self.connection.client;
            client.subscribe(self.channel.as_str()).await?;
            // The library calls it done when SUBSCRIBE is written. Redis answers in order, so
            // this answer means that the subscription is in effect.
            client.ping::<Value>(None).await
        };
        match tokio::time::timeout(2 * PATIENCE, subscribing).await {
            Ok(pong) => Ok(pong.map(drop)?),
            Err(_) => Err(RedisError::new(ErrorKind::Timeout, "nobody answers SUBSCRIBE").into()),
        }
    }

    /// Gives the connection up and makes a new one, in the background: it may be dead without
    /// anybody having told us. One that is being made is left alone.
    pub(crate) fn reconnect(&self) {
        if self.connection.is_up() {
            let client = self.connection.client.clone();
            tokio::spawn(async move {
                // The outcome arrives as an event.
                let _ = client.force_reconnection().await;
            });
        }
    }

    /// Waits for the next event.
    pub(crate) async fn next(&mut self) -> FeedEvent {
        tokio::select! {
            biased;
            connected = self.reconnects.recv() => match connected {
                Ok(_) | Err(RecvError::Lagged(_)) => FeedEvent::Connected,
                Err(RecvError::Closed) => std::future::pending().await,
            },
            message = self.messages.recv() => match message {
                Ok(message) => decode(&message.value),
                Err(RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "the change feed was faster than its reader");
                    FeedEvent::Missed
                }
                Err(RecvError::Closed) => std::future::pending().await,
            },
        }
    }

    /// Ends the connection.
    pub(crate) fn close(&self) {
        self.connection.close();
    }
}

fn decode(value: &Value) -> FeedEvent {
    match FeedMessage::decode(value.as_bytes().unwrap_or_default()) {
        Ok(message) => FeedEvent::Message(message),
        Err(error) => {
            tracing::error!(%error, "a message of the change feed cannot be understood");
            FeedEvent::Missed
        }
    }
}
