//! How many requests a caller has: a token bucket each.
//!
//! The bucket is kept as the moment at which it is full again (the "virtual scheduling" form of the
//! generic cell rate algorithm): each request moves that moment on by what one token takes to come
//! back, and is refused if the bucket would then be further from full than it is deep. One integer
//! says everything, so one command in Redis does, and so does one entry in a map.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use contract::Timestamp;
use redis::Script;

use super::SharedCounters;

/// Entries of the map up to which nothing is tidied up.
const SMALL: usize = 1_000;

/// [`Policy::spend`] in Redis. KEYS: the bucket. ARGV: now, the bucket's depth and the time of a
/// token, in microseconds. Answers when the bucket will be full, and if it is refused, when it
/// would have been as a negative number.
static SPEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local now = tonumber(ARGV[1])
        local depth = tonumber(ARGV[2])
        local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
        full = math.min(full, now + depth) + tonumber(ARGV[3])
        if full - now > depth then return -full end
        redis.call('SET', KEYS[1], string.format('%.0f', full),
            'PX', math.ceil((full - now) / 1000))
        return full",
    )
});

/// So many requests in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Its name in headers.
    pub name: &'static str,
    /// Requests.
    pub quota: u32,
    /// Time in which as many come back.
    pub window: Duration,
}

/// What a request was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// By which policy.
    pub policy: Policy,
    /// Further requests that would be granted now.
    pub remaining: u32,
    /// Time until all of them would be.
    pub full_in: Duration,
    /// How long to wait, if this request was refused.
    pub wait: Option<Duration>,
}

/// Grants requests; clones share their buckets.
#[derive(Clone)]
pub struct RateLimits {
    shared: SharedCounters,
    /// Buckets of this process, for while Redis is away: when each is full again.
    local: Arc<Mutex<HashMap<String, i64>>>,
}

impl RateLimits {
    /// All buckets are full.
    pub fn new(shared: SharedCounters) -> Self {
        Self {
            shared,
            local: Arc::default(),
        }
    }

    /// Grants a request of `whose`, or does not.
    pub async fn spend(&self, policy: Policy, whose: &str, now: Timestamp) -> Allowance {
        let name = self.shared.name(policy.name, whose);
        let key = self.shared.keys().rate(&name);
        let arguments = [now.as_micros(), policy.depth(), policy.token()];
        match self.shared.run::<i64>(&SPEND, &key, &arguments).await {
            Some(full) => policy.allowance(now, full.abs(), full < 0),
            None => self.spend_here(policy, name, now),
        }
    }

    fn spend_here(&self, policy: Policy, name: String, now: Timestamp) -> Allowance {
        let mut buckets = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= SMALL && !buckets.contains_key(&name) {
            buckets.retain(|_, full| *full > now.as_micros());
        }
        let full = buckets.get(&name).copied().unwrap_or(0);
        let (full, is_refused) = policy.spend(now, full);
        if !is_refused {
            buckets.insert(name, full);
        }
        policy.allowance(now, full, is_refused)
    }
}

impl Policy {
    /// A policy by the minute.
    pub const fn per_minute(name: &'static str, quota: u32) -> Self {
        Self {
            name,
            quota,
            window: Duration::from_secs(60),
        }
    }

    /// Microseconds until a token comes back.
    fn token(self) -> i64 {
        (self.window.as_micros() as i64 / i64::from(self.quota.max(1))).max(1)
    }

    /// Microseconds until an empty bucket is full.
    fn depth(self) -> i64 {
        self.token() * i64::from(self.quota.max(1))
    }

    /// When the bucket is full again after this request, and whether that is too late.
    fn spend(self, now: Timestamp, full: i64) -> (i64, bool) {
        let now = now.as_micros();
        // A clock that was put back must not lock anybody out.
        let full = full.max(now).min(now + self.depth()) + self.token();
        (full, full - now > self.depth())
    }

    fn allowance(self, now: Timestamp, full: i64, is_refused: bool) -> Allowance {
        let spent = full - now.as_micros();
        let micros = |micros: i64| Duration::from_micros(micros.max(0).unsigned_abs());
        let remaining = (self.depth() - spent).max(0) / self.token();
        Allowance {
            policy: self,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            full_in: micros(spent.min(self.depth())),
            wait: is_refused.then(|| micros(spent - self.depth())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(1_795_342_830_123_456 + micros)
    }

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let policy = Policy::per_minute("test", 3);
        let mut full = 0;
        let mut spend = |micros| {
            let (next, is_refused) = policy.spend(at(micros), full);
            if !is_refused {
                full = next;
            }
            policy.allowance(at(micros), next, is_refused)
        };
        for remaining in [2, 1, 0] {
            let allowance = spend(0);
            assert_eq!((allowance.remaining, allowance.wait), (remaining, None));
        }
        assert_eq!(spend(0).wait, Some(Duration::from_secs(20)));
        assert_eq!(spend(19_000_000).wait, Some(Duration::from_secs(1)));
        assert_eq!(spend(20_000_000).wait, None);
        assert_eq!(spend(20_000_000).wait, Some(Duration::from_secs(20)));
        let after_long = spend(3_600_000_000);
        assert_eq!((after_long.remaining, after_long.wait), (2, None));
        assert_eq!(after_long.full_in, Duration::from_secs(20));
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out_for_longer_than_the_window() {
        let policy = Policy::per_minute("test", 60);
        let (full, _) = policy.spend(at(3_600_000_000), 0);
        let (next, is_refused) = policy.spend(at(0), full);
        let wait = policy.allowance(at(0), next, is_refused).wait;
        assert_eq!(wait, Some(Duration::from_secs(1)));
    }
}
