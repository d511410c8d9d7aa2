//! Connections to Redis, set up so that a Redis that hangs or is away costs little.
//!
//! The library's defaults replay commands that were in flight, wait for ever, queue without bound
//! and never reconnect. All of that is decided here, once.

use std::time::Duration;

use fred::clients::{Client, WithOptions};
use fred::interfaces::ClientLike;
use fred::types::Builder;
use fred::types::config::{Config, Options, ReconnectPolicy, UnresponsiveConfig};
use secrecy::{ExposeSecret, SecretString};
use service::Lifecycle;
use service::env::SecretUrl;
use tokio_util::sync::CancellationToken;

use crate::{Error, Result};

/// How long a command may take, unless its caller says less.
pub(crate) const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);

/// How long to wait for a connection, and for each command that opens it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A reply that takes longer closes the connection: what waits behind it fails at once, instead
/// of one timeout after the other.
const UNRESPONSIVE: UnresponsiveConfig = UnresponsiveConfig {
    max_timeout: Some(Duration::from_millis(1_500)),
    interval: Duration::from_millis(250),
};

/// Commands that may wait in the library. Beyond, they fail at once. Without a bound a frozen
/// Redis was measured to cost 950 MB in 4 s.
const MAX_WAITING: usize = 4_096;

/// Messages that may wait for the reader of a subscription. Beyond, the oldest are lost, and the
/// reader is told.
const MAX_MESSAGES: usize = 4_096;

/// Pause before reconnecting, in milliseconds: doubled from the first to the second. The jitter
/// keeps many proxies from knocking at the same moment.
pub(crate) const RECONNECT_PAUSE: (u32, u32) = (50, 2_000);
pub(crate) const RECONNECT_JITTER: u32 = 50;

/// Pause after the library has given a connection up.
const PAUSE_AFTER_END: Duration = Duration::from_secs(1);

/// A connection of one purpose, and the task behind it.
#[derive(Clone)]
pub(crate) struct Connection {
    /// For commands.
    pub(crate) client: Client,
    closing: CancellationToken,
}

impl Connection {
    /// Not connected yet.
    pub(crate) fn new(url: &SecretUrl) -> Result<Self> {
        Ok(Self {
            client: client(url).map_err(Error::set_up("Redis"))?,
            closing: CancellationToken::new(),
        })
    }

    /// Starts to connect, and returns at once. The task named `task` keeps trying until
    /// [`close`](Self::close).
    pub(crate) fn start(&self, lifecycle: &Lifecycle, task: &'static str) {
        let client = self.client.clone();
        let keep_connected = async move {
            loop {
                // It reconnects by itself; when it gives that up, something is wrong that a new
                // process would find as well, while this one still has clicks in memory.
                let ended = client.connect().await;
                tracing::error!(task, ?ended, "the connection was given up, beginning again");
                tokio::time::sleep(PAUSE_AFTER_END).await;
            }
        };
        let closed = self.closing.clone().cancelled_owned();
        lifecycle.spawn(task, async move {
            tokio::select! {
                () = closed => Ok::<_, std::convert::Infallible>(()),
                () = keep_connected => Ok(()),
            }
        });
    }

    /// The client for one command that is tried once, takes no longer than `patience`, and fails
    /// at once while there is no connection.
    pub(crate) fn within(&self, patience: Duration) -> WithOptions<Client> {
        self.client.with_options(&once(patience))
    }

    /// Whether commands have somewhere to go.
    pub(crate) fn is_up(&self) -> bool {
        self.client.is_connected()
    }

    /// Ends the connection. What waits for a reply gets none.
    pub(crate) fn close(&self) {
        self.closing.cancel();
    }
}

fn client(url: &SecretUrl) -> Result<Client, fred::error::Error> {
    let mut builder = builder(&url.0)?;
    // Otherwise a Redis that is down at the start would never be tried again.
    builder.with_config(|config| config.fail_fast = false);
    let mut reconnect =
        ReconnectPolicy::new_exponential(0, RECONNECT_PAUSE.0, RECONNECT_PAUSE.1, 2);
    reconnect.set_jitter(RECONNECT_JITTER);
    builder.set_policy(reconnect).build()
}

/// What all connections have in common. By itself it makes clients that connect once.
/// The address of a cluster makes clients of all of its nodes.
pub(crate) fn builder(url: &SecretString) -> Result<Builder, fred::error::Error> {
    let config = Config::from_url(url.expose_secret())?;
    let mut builder = Builder::from_config(config);
    builder
        .with_connection_config(|connection| {
            connection.connection_timeout = CONNECT_TIMEOUT;
            connection.internal_command_timeout = CONNECT_TIMEOUT;
            connection.max_command_attempts = 1;
            connection.max_command_buffer_len = MAX_WAITING;
            connection.unresponsive = UNRESPONSIVE;
            connection.tcp.nodelay = Some(true);
        })
        .with_performance_config(|performance| {
            performance.default_command_timeout = COMMAND_TIMEOUT;
            performance.broadcast_channel_capacity = MAX_MESSAGES;
        });
    Ok(builder)
}

/// Options of one command that is tried once, takes no longer than `patience`, and fails at once
/// while there is no connection.
pub(crate) fn once(patience: Duration) -> Options {
    Options {
        max_attempts: Some(1),
        timeout: Some(patience),
        fail_fast: true,
        ..Options::default()
    }
}
