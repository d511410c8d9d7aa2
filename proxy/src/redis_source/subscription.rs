use std::sync::Arc;
use std::time::Duration;

use contract::{FeedMessage, Keys};
use fred::error::{Error as RedisError, ErrorKind};
use fred::interfaces::{ClientLike, EventInterface, PubsubInterface};
use fred::types::{Message, Value};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::{ReadError, Session, Sessions};

/// How long a subscription may take.
const PATIENCE: Duration = Duration::from_millis(800);

/// The live feed of changes and heartbeats. At most once: what is lost is in the log.
pub(crate) struct Subscription {
    sessions: Sessions,
    connections: watch::Receiver<Option<Session>>,
    channel: String,
    present: Option<(Session, Receiver<Message>)>,
}

/// What a subscription has to tell.
#[derive(Debug)]
pub(crate) enum FeedEvent {
    /// A message, and the `run_id` of the Redis that carried it.
    Message(Arc<str>, FeedMessage),
    /// There is a new connection, which has no subscription yet.
    Connected,
    /// Messages were lost, or could not be understood.
    Missed,
}

impl Subscription {
    /// Not subscribed yet: the first event is `Connected`.
    pub(crate) fn new(sessions: Sessions, keys: &Keys) -> Self {
        let mut connections = sessions.watch();
        // The one that is there already is news, too.
        connections.mark_changed();
        Self {
            channel: keys.invalidate(),
            connections,
            sessions,
            present: None,
        }
    }

    /// Subscribes on the present connection. Harmless if it is subscribed already.
    pub(crate) async fn subscribe(&self) -> Result<(), ReadError> {
        let (session, _) = self.present.as_ref().ok_or(ReadError::Away)?;
        let subscribing = async {
            session.client.subscribe(self.channel.as_str()).await?;
            // The library calls it done when SUBSCRIBE is written. Redis answers in order, so
            // this answer means that the subscription is in effect.
            session.client.ping::<Value>(None).await
        };
        match tokio::time::timeout(PATIENCE, subscribing).await {
            Ok(pong) => Ok(pong.map(drop)?),
            Err(_) => Err(RedisError::new(ErrorKind::Timeout, "nobody answers SUBSCRIBE").into()),
        }
    }

    /// Gives the connection up and makes a new one, in the background.
    pub(crate) fn renew(&mut self) {
        if let Some((session, _)) = self.present.take() {
            session.renew();
        }
    }

    /// Waits for the next event.
    pub(crate) async fn next(&mut self) -> FeedEvent {
        loop {
            let message = async {
                match &mut self.present {
                    Some((session, messages)) => (session.run_id.clone(), messages.recv().await),
                    None => std::future::pending().await,
                }
            };
            let (run_id, message) = tokio::select! {
                biased;
                changed = self.connections.changed() => {
                    if changed.is_err() {
                        std::future::pending::<()>().await;
                    }
                    let session = self.connections.borrow_and_update().clone();
                    self.present = session.map(|session| {
                        let messages = session.client.message_rx();
                        (session, messages)
                    });
                    match self.present {
                        Some(_) => return FeedEvent::Connected,
                        None => continue,
                    }
                }
                message = message => message,
            };
            return match message {
                Ok(message) => decode(run_id, &message.value),
                Err(RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "the change feed was faster than its reader");
                    FeedEvent::Missed
                }
                Err(RecvError::Closed) => {
                    self.present = None;
                    continue;
                }
            };
        }
    }

    /// Ends the connection.
    pub(crate) fn close(&self) {
        self.sessions.close();
    }
}

fn decode(run_id: Arc<str>, value: &Value) -> FeedEvent {
    match FeedMessage::decode(value.as_bytes().unwrap_or_default()) {
        Ok(message) => FeedEvent::Message(run_id, message),
        Err(error) => {
            tracing::error!(%error, "a message of the change feed cannot be understood");
            FeedEvent::Missed
        }
    }
}
