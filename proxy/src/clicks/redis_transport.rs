use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use contract::{Ack, Block, BlockId, Keys, Partitions, block};
use fred::clients::Client;
use fred::interfaces::{EventInterface, PubsubInterface, StreamsInterface};
use fred::types::config::Server;
use fred::types::{Message, Value};
use service::Lifecycle;
use service::env::SecretUrl;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

use super::transport::{Transport, TransportError};
use crate::Error;
use crate::redis_client::{COMMAND_TIMEOUT, Connection};

/// Acknowledgements that may wait. Beyond, they get lost, which costs sending some blocks again.
const MAX_ACKS: usize = 256;

/// Redis, through the library that nothing else of delivery knows.
pub(crate) struct RedisTransport {
    connection: Connection,
    /// Another one for messages: a connection that has subscribed can do little else.
    subscription: Connection,
    keys: Keys,
    partitions: Partitions,
    connections: Arc<AtomicU64>,
}

impl RedisTransport {
    /// Starts to connect, and returns at once: the way there, and the acknowledgements that come
    /// back. Some of those may get lost.
    pub(crate) fn start(
        url: &SecretUrl,
        keys: Keys,
        partitions: Partitions,
        lifecycle: &Lifecycle,
    ) -> Result<(Self, mpsc::Receiver<Ack>), Error> {
        let transport = Self {
            connection: Connection::new(url)?,
            subscription: Connection::new(url)?,
            keys,
            partitions,
            connections: Arc::new(AtomicU64::new(0)),
        };
        let (sender, acks) = mpsc::channel(MAX_ACKS);
        let listener = Listener {
            connected: transport.connection.client.reconnect_rx(),
            connections: transport.connections.clone(),
            client: transport.subscription.client.clone(),
            channels: partitions
                .all()
                .map(|partition| transport.keys.ack(partition))
                .collect(),
            sender,
        };
        lifecycle.spawn("acknowledgements", listener.run());
        transport.connection.start(lifecycle, "redis for clicks");
        let task = "redis for acknowledgements";
        transport.subscription.start(lifecycle, task);
        Ok((transport, acks))
    }

    fn stream(&self, block: BlockId) -> String {
        let partition = self.partitions.of(block.segment);
        self.keys.click_events(partition)
    }
}

impl Transport for RedisTransport {
    fn is_up(&self) -> bool {
        self.connection.is_up()
    }

    fn connections(&self) -> u64 {
        self.connections.load(Ordering::Acquire)
    }

    async fn append(&self, block: &Block) -> Result<String, TransportError> {
        let client = self.connection.within(COMMAND_TIMEOUT);
        let stream = self.stream(block.id);
        let values = block.to_fields().map(Bytes::from);
        let fields: Vec<(&str, Bytes)> = block::FIELDS.into_iter().zip(values).collect();
        let entry: Option<String> = client
            .xadd(&stream, true, None, "*", fields)
            .await
            .map_err(unknown)?;
        entry.ok_or(TransportError::NoStream(stream))
    }

    async fn has(&self, block: BlockId, entry: &str) -> Result<bool, TransportError> {
        let client = self.connection.within(COMMAND_TIMEOUT);
        let stream = self.stream(block);
        let found: Value = client
            .xrange(stream, entry, entry, Some(1))
            .await
            .map_err(unknown)?;
        Ok(found.array_len().is_some_and(|length| length > 0))
    }

    fn close(&self) {
        self.connection.close();
        self.subscription.close();
    }
}

/// Hears of new connections and of acknowledgements.
struct Listener {
    /// Connections for commands, to be counted.
    connected: broadcast::Receiver<Server>,
    connections: Arc<AtomicU64>,
    /// The connection for messages.
    client: Client,
    channels: Vec<String>,
    sender: mpsc::Sender<Ack>,
}

impl Listener {
    /// Listens until nobody wants to know.
    async fn run(mut self) -> Result<(), Infallible> {
        let mut messages = self.client.message_rx();
        let mut subscriptions = self.client.reconnect_rx();
        loop {
            tokio::select! {
                Ok(_) | Err(RecvError::Lagged(_)) = self.connected.recv() => {
                    self.connections.fetch_add(1, Ordering::AcqRel);
                }
                Ok(_) | Err(RecvError::Lagged(_)) = subscriptions.recv() => {
                    if let Err(error) = self.client.subscribe(self.channels.clone()).await {
                        tracing::warn!(%error, "cannot subscribe to acknowledgements");
                    }
                }
                message = messages.recv() => self.hear(message),
                () = self.sender.closed() => return Ok(()),
            }
        }
    }

    fn hear(&self, message: Result<Message, RecvError>) {
        match message.map(|message| Ack::decode(message.value.as_bytes().unwrap_or_default())) {
            // Nobody waits for room: what does not fit is lost.
            Ok(Ok(ack)) => drop(self.sender.try_send(ack)),
            Ok(Err(error)) => tracing::error!(%error, "an acknowledgement cannot be understood"),
            Err(error) => tracing::debug!(%error, "acknowledgements were lost"),
        }
    }
}

fn unknown(error: fred::error::Error) -> TransportError {
    TransportError::Unknown(error.to_string())
}
