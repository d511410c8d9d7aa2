//! How long to wait before trying again.

use std::time::Duration;

/// First wait.
const SHORTEST: Duration = Duration::from_millis(100);

/// Longest wait: what a recovery is noticed late by, at worst.
const LONGEST: Duration = Duration::from_secs(2);

/// Doubles with every failure in a row.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    /// No failure yet.
    pub(crate) fn new() -> Self {
        Self(SHORTEST)
    }

    /// The wait after one more failure.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.0;
        self.0 = (wait * 2).min(LONGEST);
        wait
    }

    /// It works again.
    pub(crate) fn reset(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_a_limit() {
        let mut backoff = Backoff::new();
        let waits: Vec<u128> = (0..6).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 2000]);
        backoff.reset();
        assert_eq!(backoff.next(), SHORTEST);
    }
}
