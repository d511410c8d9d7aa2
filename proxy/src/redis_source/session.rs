//! Connections of which each is known to lead to one Redis process.
//!
//! The library would reconnect by itself, and a command that is sent after a question could reach
//! another process than the question: one that has just been started from an old copy of the data.
//! So here a connection that ends is gone, and the next one is a new client that has been asked
//! first who it is talking to. In a cluster it leads to the node that has a certain key; when the key
//! has moved, the one that asks for it is told so, and gives the connection up.

use std::sync::Arc;
use std::time::Duration;

use fred::clients::{Client, WithOptions};
use fred::error::{Error as RedisError, ErrorKind};
use fred::interfaces::ClientLike;
use fred::types::InfoKind;
use service::Lifecycle;
use service::RedisAddress;
use service::env::SecretUrl;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::place::Place;
use crate::redis_client::{RECONNECT_JITTER, RECONNECT_PAUSE, once};
use crate::{Error, Result};

/// One connection.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(super) client: Client,
    /// Which Redis process this is: it makes a new one at each start.
    pub(crate) run_id: Arc<str>,
    renewal: CancellationToken,
}

impl Session {
    /// The client for one command that is tried once, takes no longer than `patience`, and fails
    /// at once if the connection has ended.
    pub(super) fn within(&self, patience: Duration) -> WithOptions<Client> {
        self.client.with_options(&once(patience))
    }

    /// Gives the connection up: it may be dead without anybody having told us. Another follows.
    pub(crate) fn renew(&self) {
        self.renewal.cancel();
    }

    /// Gives the connection up if that is what an error means: the key is on another node.
    pub(super) fn heed<T>(&self, answer: Result<T, RedisError>) -> Result<T, RedisError> {
        if let Err(error) = &answer
            && *error.kind() == ErrorKind::Cluster
        {
            self.renew();
        }
        answer
    }
}

/// One connection after the other, for one purpose.
#[derive(Clone)]
pub(crate) struct Sessions {
    place: Place,
    current: watch::Sender<Option<Session>>,
    closing: CancellationToken,
}

impl Sessions {
    /// To the server that has `key`. Not connected yet.
    pub(crate) fn new(url: &SecretUrl, key: &str) -> Result<Self> {
        let address = RedisAddress::parse(&url.0).map_err(Error::set_up("Redis"))?;
        Ok(Self {
            place: Place::new(address, key),
            current: watch::Sender::default(),
            closing: CancellationToken::new(),
        })
    }

    /// Starts to connect, and returns at once. The task named `task` keeps trying until
    /// [`close`](Self::close).
    pub(crate) fn start(&self, lifecycle: &Lifecycle, task: &'static str) {
        let sessions = self.clone();
        let closed = self.closing.clone().cancelled_owned();
        lifecycle.spawn(task, async move {
            tokio::select! {
                () = closed => {}
                () = sessions.keep_connected(task) => {}
            }
            sessions.current.send_replace(None);
            Ok::<_, std::convert::Infallible>(())
        });
    }

    /// The present connection; `None` while there is none.
    pub(crate) fn current(&self) -> Option<Session> {
        self.current.borrow().clone()
    }

    /// Follows the present connection.
    pub(crate) fn watch(&self) -> watch::Receiver<Option<Session>> {
        self.current.subscribe()
    }

    /// Ends the connection. What waits for a reply gets none.
    pub(crate) fn close(&self) {
        self.closing.cancel();
    }

    async fn keep_connected(&self, task: &'static str) {
        let (shortest, longest) = RECONNECT_PAUSE;
        let mut pause = shortest;
        loop {
            match connect(&self.place).await {
                Ok((session, mut connection)) => {
                    tracing::debug!(task, redis.run = %session.run_id, "connected to Redis");
                    pause = shortest;
                    let renewal = session.renewal.clone();
                    self.current.send_replace(Some(session));
                    tokio::select! {
                        ended = &mut connection => tracing::debug!(task, ?ended, "a connection to Redis ended"),
                        () = renewal.cancelled() => {}
                    }
                    self.current.send_replace(None);
                }
                Err(error) => tracing::debug!(task, %error, "cannot connect to Redis"),
            }
            let jitter = Uuid::new_v4().as_fields().0 % RECONNECT_JITTER;
            tokio::time::sleep(Duration::from_millis(u64::from(pause + jitter))).await;
            pause = (pause * 2).min(longest);
        }
    }
}

/// The connection ends when its task is dropped.
type Ended = AbortOnDropHandle<Result<(), RedisError>>;

async fn connect(place: &Place) -> Result<(Session, Ended), RedisError> {
    let client = place.find().await?.build()?;
    let connection = AbortOnDropHandle::new(client.init().await?);
    let info: String = client.info(Some(InfoKind::Server)).await?;
    let mut lines = info.lines();
    let run_id = lines.find_map(|line| line.trim_end().strip_prefix("run_id:"));
    let run_id = run_id.ok_or_else(|| {
        RedisError::new(ErrorKind::Protocol, "INFO does not say which Redis this is")
    })?;
    let session = Session {
        client,
        run_id: run_id.into(),
        renewal: CancellationToken::new(),
    };
    Ok((session, connection))
}
