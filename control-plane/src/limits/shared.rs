//! Counters in Redis, which all control planes share.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use contract::Keys;
use redis::{FromRedisValue, RedisResult, Script};
use secrecy::{ExposeSecret, SecretString};

use crate::redis_connection::RedisConnection;

/// A request waits for this at most.
const PATIENCE: Duration = Duration::from_secs(1);

/// After a failure nobody waits again for so long: a Redis that hangs must cost little.
const REST: Duration = Duration::from_secs(5);

/// What names of counters are derived under, so that they tell nobody whose they are.
const NAMES: &str = "linkpulse 2026-11 names of counters";

/// Runs scripts on counters; clones share one connection.
#[derive(Clone)]
pub struct SharedCounters {
    connection: RedisConnection,
    keys: Keys,
    names: [u8; 32],
    rests_until: Arc<Mutex<Option<Instant>>>,
}

impl SharedCounters {
    /// Connects when first used, so that the service can start before Redis.
    ///
    /// # Errors
    /// When the URL cannot be understood.
    pub fn new(url: &SecretString, keys: Keys, secret: &SecretString) -> RedisResult<Self> {
        Ok(Self {
            connection: RedisConnection::new(url, PATIENCE)?,
            keys,
            names: blake3::derive_key(NAMES, secret.expose_secret().as_bytes()),
            rests_until: Arc::default(),
        })
    }

    /// The name of what is counted: no address, no e-mail, nothing that could be guessed back
    /// without our secret.
    pub fn name(&self, kind: &str, whose: impl Display) -> String {
        let text = format!("{kind}\0{whose}");
        let hash = blake3::keyed_hash(&self.names, text.as_bytes());
        hash.to_hex()[..32].to_owned()
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// One round trip for one key; `None` while Redis is away.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        key: &str,
        arguments: &[i64],
    ) -> Option<T> {
        if self.rests() {
            return None;
        }
        let mut call = script.key(key);
        for argument in arguments {
            call.arg(argument);
        }
        let counted = async {
            call.invoke_async(&mut self.connection.handle().await?)
                .await
        };
        match counted.await {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::warn!(%error, "redis away: counting in this process alone");
                *self.lock() = Some(Instant::now() + REST);
                None
            }
        }
    }

    fn rests(&self) -> bool {
        self.lock().is_some_and(|until| until > Instant::now())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.rests_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
