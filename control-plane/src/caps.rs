//! The counts of links with a click cap, which proxies keep in Redis.
//!
//! `lp:cap:{link id}:{set after}`: an integer, [`CAP_BASE`] plus the visits so far. Proxies raise it, and ask
//! for its beginning where there is none. Lives for ever, or until Redis loses it: then it begins
//! again with what the statistics have. Clicks that are on their way there at that moment are not
//! counted a second time, so a cap can be exceeded by as many.

use std::time::Duration;

use contract::keys::CAP_BASE;
use contract::{Keys, LinkId};
use redis::{AsyncCommands, RedisResult, Script};
use secrecy::SecretString;

use crate::redis_connection::RedisConnection;

/// A proxy waits for this, and a visitor for the proxy.
const PATIENCE: Duration = Duration::from_secs(1);

/// Begins a count unless there is one. KEYS: the link's count. ARGV: the base, where to begin.
const BEGIN: &str = "
    local visits = tonumber(redis.call('GET', KEYS[1]) or 0)
    if not visits or visits < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[2]) end
    return 1";

/// Begins counts, and looks at them.
#[derive(Clone)]
pub struct Caps {
    connection: RedisConnection,
    keys: Keys,
}

impl Caps {
    /// Connects when first used, so that the service can start before Redis.
    ///
    /// # Errors
    /// When the URL cannot be understood.
    pub fn new(url: &SecretString, keys: Keys) -> RedisResult<Self> {
        // No second attempt: who asked will ask again.
        let connection = RedisConnection::new(url, PATIENCE)?;
        Ok(Self { connection, keys })
    }

    /// Begins a count with so many visits, unless there is one.
    pub async fn begin(&self, link: LinkId, set_after: u64, used: u64) -> RedisResult<()> {
        let begin = Script::new(BEGIN);
        let mut call = begin.key(self.keys.click_cap(link, set_after));
        call.arg(CAP_BASE)
            .arg(CAP_BASE.saturating_add_unsigned(used));
        call.invoke_async(&mut self.connection.handle().await?)
            .await
    }

    /// How often a link was visited; `None` while there is no count.
    pub async fn visits(&self, link: LinkId, set_after: u64) -> RedisResult<Option<u64>> {
        let mut connection = self.connection.handle().await?;
        let count: Option<i64> = connection.get(self.keys.click_cap(link, set_after)).await?;
        let count = count.filter(|count| *count >= CAP_BASE);
        Ok(count.map(|count| (count - CAP_BASE).unsigned_abs()))
    }
}
