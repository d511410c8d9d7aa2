//! How many links one client may make us look up. Whoever tries codes pays for it; links that are
//! in memory cost next to nothing and are never limited.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::front::client_of;

/// How often clients are forgotten that have all their look-ups back.
const FORGET_INTERVAL: Duration = Duration::from_secs(60);

/// A bucket of look-ups for each client, filled steadily.
pub(crate) struct MissLimit(DefaultKeyedRateLimiter<IpAddr>);

impl MissLimit {
    /// So many look-ups in a minute; as many at once after a quiet minute.
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(per_minute)))
    }

    /// Takes one look-up from the client's bucket.
    ///
    /// # Errors
    /// How long until there is one again. Never shorter than the truth.
    pub(crate) fn admit(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        // Without an address it is not a stranger: a socket of this machine.
        let Some(address) = address else {
            return Ok(());
        };
        self.0
            .check_key(&client_of(address))
            .map_err(|refused| refused.wait_time_from(DefaultClock::default().now()))
    }

    /// Forgets clients now and then, until dropped.
    pub(crate) async fn forget_regularly(&self, stopping: impl Future<Output = ()>) {
        tokio::pin!(stopping);
        loop {
            tokio::select! {
                () = tokio::time::sleep(FORGET_INTERVAL) => self.0.retain_recent(),
                () = &mut stopping => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_uses_up_its_own_bucket() {
        let limit = MissLimit::new(NonZeroU32::new(3).unwrap());
        let [busy, quiet] = ["203.0.113.1", "203.0.113.2"].map(|text| text.parse().ok());
        assert!((0..3).all(|_| limit.admit(busy).is_ok()));
        let wait = limit.admit(busy).unwrap_err();
        assert!((1..=20).contains(&wait.as_secs()), "{wait:?}");
        assert!(limit.admit(quiet).is_ok());
        assert!(limit.admit(None).is_ok());
    }
}
