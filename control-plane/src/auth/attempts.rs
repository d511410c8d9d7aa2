//! How often visitors may try a link's password.
//!
//! Counted in the memory of this process: with several control planes, or after a restart, there
//! are as many attempts more. A password of a link is a hedge, not a wall.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::{LinkId, Timestamp};

/// How long failed attempts count, from the first one on.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Failed attempts of one client at one link within that time.
const PER_CLIENT: u32 = 10;

/// Failed attempts of all clients at one link. Guessing from many addresses has its limit here;
/// the price is that so much guessing locks out those who know the password, too.
const PER_LINK: u32 = 100;

/// Entries up to which nothing is tidied up.
const SMALL: usize = 1_000;

/// Counts attempts. An attempt counts before the password is looked at, so that a hundred at the
/// same time are a hundred, and is given back if it was right.
#[derive(Default)]
pub struct Attempts(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// By link and client; without a client: of all.
    windows: HashMap<(LinkId, Option<IpAddr>), Window>,
    /// Number of entries at which those that are over are removed.
    tidy_at: usize,
}

#[derive(Clone, Copy)]
struct Window {
    attempts: u32,
    ends_at: Timestamp,
}

impl Attempts {
    /// Takes an attempt, or says how long there is none.
    ///
    /// # Errors
    /// The time until attempts are possible again.
    pub fn take(
        &self,
        link: LinkId,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let mut counts = self.lock();
        counts.tidy(now);
        let limits = limits(link, address);
        for (key, limit) in limits {
            if let Some(window) = counts.windows.get(&key)
                && window.ends_at > now
                && window.attempts >= limit
            {
                let left = window.ends_at.as_micros() - now.as_micros();
                return Err(Duration::from_micros(left.unsigned_abs()));
            }
        }
        for (key, _) in limits {
            let fresh = Window {
                attempts: 0,
                ends_at: Timestamp::from_micros(now.as_micros() + WINDOW.as_micros() as i64),
            };
            let window = counts.windows.entry(key).or_insert(fresh);
            if window.ends_at <= now {
                *window = fresh;
            }
            window.attempts += 1;
        }
        Ok(())
    }

    /// Gives an attempt back: it was right.
    pub fn give_back(&self, link: LinkId, address: Option<IpAddr>) {
        let mut counts = self.lock();
        for (key, _) in limits(link, address) {
            if let Some(window) = counts.windows.get_mut(&key) {
                window.attempts = window.attempts.saturating_sub(1);
            }
        }
    }

    /// Nothing in here can be left half done.
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// Forgets what does not count any more, so rarely that it costs nothing.
    fn tidy(&mut self, now: Timestamp) {
        if self.windows.len() < self.tidy_at.max(SMALL) {
            return;
        }
        self.windows
            .retain(|_, window| window.ends_at > now && window.attempts > 0);
        self.tidy_at = 2 * self.windows.len();
    }
}

fn limits(link: LinkId, address: Option<IpAddr>) -> [((LinkId, Option<IpAddr>), u32); 2] {
    [
        ((link, Some(client_of(address))), PER_CLIENT),
        ((link, None), PER_LINK),
    ]
}

/// Whoever has one address of an IPv6 network has all of them. Those without an address are one.
fn client_of(address: Option<IpAddr>) -> IpAddr {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V6(address)) => {
            let network = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        Some(address) => address,
        None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn link(number: u128) -> LinkId {
        LinkId(Uuid::from_u128(number))
    }

    fn address(number: u32) -> Option<IpAddr> {
        Some(Ipv4Addr::from_bits(number).into())
    }

    #[test]
    fn a_client_has_ten_attempts_at_a_link_in_a_quarter_of_an_hour() {
        let attempts = Attempts::default();
        for second in 0..10 {
            assert_eq!(attempts.take(link(1), address(1), at(second)), Ok(()));
        }
        let wait = attempts.take(link(1), address(1), at(100)).unwrap_err();
        assert_eq!(wait, Duration::from_secs(800));
        assert_eq!(attempts.take(link(1), address(2), at(100)), Ok(()));
        assert_eq!(attempts.take(link(2), address(1), at(100)), Ok(()));
        assert!(attempts.take(link(1), address(1), at(899)).is_err());
        assert_eq!(attempts.take(link(1), address(1), at(900)), Ok(()));
    }

    #[test]
    fn all_clients_together_have_a_hundred() {
        let attempts = Attempts::default();
        for number in 0..100 {
            assert_eq!(attempts.take(link(1), address(number), at(0)), Ok(()));
        }
        assert!(attempts.take(link(1), address(1_000), at(0)).is_err());
        attempts.give_back(link(1), address(5));
        assert_eq!(attempts.take(link(1), address(1_000), at(0)), Ok(()));
    }

    #[test]
    fn right_ones_do_not_count() {
        let attempts = Attempts::default();
        for _ in 0..1_000 {
            assert_eq!(attempts.take(link(1), address(1), at(0)), Ok(()));
            attempts.give_back(link(1), address(1));
        }
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let attempts = Attempts::default();
        let from = |host: u16| Some(format!("2001:db8::{host:x}").parse().unwrap());
        assert!((0..10).all(|host| attempts.take(link(1), from(host), at(0)).is_ok()));
        assert!(attempts.take(link(1), from(99), at(0)).is_err());
        let elsewhere = Some("2001:db8:0:1::1".parse().unwrap());
        assert!(attempts.take(link(1), elsewhere, at(0)).is_ok());
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let attempts = Attempts::default();
        for number in 0..2_000 {
            let minutes_later = at(i64::from(number) * 60);
            let client = address(number);
            assert!(
                attempts
                    .take(link(number.into()), client, minutes_later)
                    .is_ok()
            );
        }
        assert!(attempts.lock().windows.len() < 1_100);
    }
}
