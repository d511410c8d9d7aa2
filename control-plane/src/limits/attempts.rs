//! How often passwords may be tried: those of links, and those of people.
//!
//! Counted in Redis and in this process, and whichever knows of more decides: so all control planes
//! together give as many attempts as one, and while Redis is away each still counts its own.

use std::fmt::Display;
use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::Duration;

use contract::{LinkId, Timestamp};
use futures_util::future::join_all;
use redis::Script;

use super::SharedCounters;
use super::local_attempts::LocalAttempts;
use crate::error::Error;

/// How long failed attempts count, from the first one on.
pub(super) const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Failed attempts of one client at one link within that time.
const AT_A_LINK_BY_ONE: u32 = 10;

/// Failed attempts of all clients at one link. Guessing from many addresses has its limit here;
/// the price is that so much guessing locks out those who know the password, too.
const AT_A_LINK_BY_ALL: u32 = 100;

/// Failed attempts to sign in as somebody, from wherever. It has the same price.
const AT_AN_ACCOUNT: u32 = 10;

/// Failed attempts of one client to sign in, as whomever.
const SIGN_INS_BY_ONE: u32 = 10;

/// Counts an attempt, or says for how many microseconds there is none. KEYS: the counter. ARGV:
/// now and the window, in microseconds, and how many attempts there are.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local now = tonumber(ARGV[1])
        local count = tonumber(redis.call('HGET', KEYS[1], 'n') or 0)
        local ends = tonumber(redis.call('HGET', KEYS[1], 'end') or 0)
        if ends <= now then
            count = 0
            ends = now + tonumber(ARGV[2])
        end
        if count >= tonumber(ARGV[3]) then return ends - now end
        redis.call('HSET', KEYS[1], 'n', count + 1, 'end', string.format('%.0f', ends))
        redis.call('PEXPIRE', KEYS[1], math.ceil((ends - now) / 1000))
        return 0",
    )
});

/// Takes an attempt back. KEYS: the counter.
static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local count = tonumber(redis.call('HGET', KEYS[1], 'n') or 0)
        if count > 0 then redis.call('HSET', KEYS[1], 'n', count - 1) end
        return 1",
    )
});

/// What attempts are counted under, and how many there may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    pub(super) name: String,
    pub(super) most: u32,
}

/// Counts attempts. An attempt counts before the password is looked at, so that a hundred at the
/// same time are a hundred, and is given back if it was right.
pub struct Attempts {
    local: LocalAttempts,
    shared: SharedCounters,
}

impl Attempts {
    /// Nobody has tried anything in this process.
    pub fn new(shared: SharedCounters) -> Self {
        Self {
            local: LocalAttempts::default(),
            shared,
        }
    }

    /// What an attempt at a link's password counts under.
    pub fn at_link(&self, link: LinkId, client: IpAddr) -> [Counter; 2] {
        [
            self.counter(
                "link and client",
                format!("{link} {client}"),
                AT_A_LINK_BY_ONE,
            ),
            self.counter("link", link, AT_A_LINK_BY_ALL),
        ]
    }

    /// What an attempt to sign in counts under, whether there is such an account or not.
    pub fn to_sign_in(&self, email: &str, client: IpAddr) -> [Counter; 2] {
        [
            self.counter("account", email, AT_AN_ACCOUNT),
            self.counter("client", client, SIGN_INS_BY_ONE),
        ]
    }

    /// Takes an attempt, or says how long there is none.
    ///
    /// # Errors
    /// The time until attempts are possible again.
    pub async fn take(&self, counters: &[Counter], now: Timestamp) -> Result<(), Duration> {
        self.local.take(counters, now)?;
        let window = WINDOW.as_micros() as i64;
        let answers = join_all(counters.iter().map(|counter| async {
            let key = self.shared.keys().attempts(&counter.name);
            let arguments = [now.as_micros(), window, counter.most.into()];
            self.shared.run::<i64>(&TAKE, &key, &arguments).await
        }));
        let answers = answers.await;
        let longest = answers.iter().flatten().copied().max().unwrap_or(0);
        if longest <= 0 {
            return Ok(());
        }
        // It was not made, so nowhere does it count.
        self.local.give_back(counters);
        let taken = counters.iter().zip(&answers);
        let taken = taken.filter(|(_, answer)| **answer == Some(0));
        join_all(taken.map(|(counter, _)| self.give_back_shared(counter))).await;
        Err(Duration::from_micros(longest.unsigned_abs()))
    }

    /// Gives an attempt back at whose password nobody has looked.
    pub async fn give_back_unseen(&self, counters: &[Counter], verified: &Result<bool, Error>) {
        if verified.is_err() {
            self.give_back(counters).await;
        }
    }

    /// Gives an attempt back: it was right.
    pub async fn give_back(&self, counters: &[Counter]) {
        self.local.give_back(counters);
        join_all(
            counters
                .iter()
                .map(|counter| self.give_back_shared(counter)),
        )
        .await;
    }

    async fn give_back_shared(&self, counter: &Counter) {
        let key = self.shared.keys().attempts(&counter.name);
        self.shared.run::<i64>(&GIVE_BACK, &key, &[]).await;
    }

    fn counter(&self, kind: &str, whose: impl Display, most: u32) -> Counter {
        Counter {
            name: self.shared.name(kind, whose),
            most,
        }
    }
}
