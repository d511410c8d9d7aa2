//! The servers that all tests of a process share.

use std::env;
use std::sync::LazyLock;

use super::ThrowAway;
use crate::{PostgresServer, RedisServer, Result};

/// An address, the server behind it if we started it, or why there is none.
type Shared<S> = LazyLock<Result<(String, Option<ThrowAway<S>>)>>;

static POSTGRES: Shared<PostgresServer> = LazyLock::new(|| {
    if let Ok(url) = env::var("LINKPULSE_TEST_DATABASE_URL") {
        return Ok((url, None));
    }
    let server = ThrowAway::postgres()?;
    Ok((server.url(), Some(server)))
});

static REDIS: Shared<RedisServer> = LazyLock::new(|| {
    if let Ok(url) = env::var("LINKPULSE_TEST_REDIS_URL") {
        return Ok((url, None));
    }
    let server = ThrowAway::redis()?;
    Ok((server.url(), Some(server)))
});

/// The address of a PostgreSQL in which tests create databases, see
/// [`TestDatabase`](super::TestDatabase).
pub fn postgres_url() -> &'static str {
    match &*POSTGRES {
        Ok((url, _)) => url,
        Err(error) => panic!("no PostgreSQL for tests: {error}"),
    }
}

/// Whether that PostgreSQL ends with this process.
pub(super) fn is_postgres_ours() -> bool {
    matches!(&*POSTGRES, Ok((_, Some(_))))
}

/// The address of a Redis that tests share: each keeps to keys with its own prefix.
pub fn redis_url() -> &'static str {
    match &*REDIS {
        Ok((url, _)) => url,
        Err(error) => panic!("no Redis for tests: {error}"),
    }
}

/// A prefix for Redis keys that no other test has.
pub fn unique_prefix() -> String {
    format!("test-{:016x}", rand::random::<u64>())
}
