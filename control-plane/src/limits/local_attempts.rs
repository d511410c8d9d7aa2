//! The part of the count that is in the memory of this process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::Timestamp;

use super::attempts::{Counter, WINDOW};

/// Entries up to which nothing is tidied up.
const SMALL: usize = 1_000;

#[derive(Default)]
pub(super) struct LocalAttempts(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// By name of the counter.
    windows: HashMap<String, Window>,
    /// Number of entries at which those that are over are removed.
    tidy_at: usize,
}

#[derive(Clone, Copy)]
struct Window {
    attempts: u32,
    ends_at: Timestamp,
}

impl LocalAttempts {
    /// Takes an attempt from all counters, or from none and says how long there is none.
    pub(super) fn take(&self, counters: &[Counter], now: Timestamp) -> Result<(), Duration> {
        let mut counts = self.lock();
        counts.tidy(now);
        for counter in counters {
            if let Some(window) = counts.windows.get(&counter.name)
                && window.ends_at > now
                && window.attempts >= counter.most
            {
                let left = window.ends_at.as_micros() - now.as_micros();
                return Err(Duration::from_micros(left.unsigned_abs()));
            }
        }
        for counter in counters {
            let fresh = Window {
                attempts: 0,
                ends_at: Timestamp::from_micros(now.as_micros() + WINDOW.as_micros() as i64),
            };
            let window = counts.windows.entry(counter.name.clone()).or_insert(fresh);
            if window.ends_at <= now {
                *window = fresh;
            }
            window.attempts += 1;
        }
        Ok(())
    }

    /// Gives an attempt back.
    pub(super) fn give_back(&self, counters: &[Counter]) {
        let mut counts = self.lock();
        for counter in counters {
            if let Some(window) = counts.windows.get_mut(&counter.name) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn counter(name: impl ToString, most: u32) -> Counter {
        Counter {
            name: name.to_string(),
            most,
        }
    }

    #[test]
    fn there_are_ten_attempts_in_a_quarter_of_an_hour() {
        let attempts = LocalAttempts::default();
        let (one, other) = ([counter("one", 10)], [counter("other", 10)]);
        for second in 0..10 {
            assert_eq!(attempts.take(&one, at(second)), Ok(()));
        }
        let wait = attempts.take(&one, at(100)).unwrap_err();
        assert_eq!(wait, Duration::from_secs(800));
        assert_eq!(attempts.take(&other, at(100)), Ok(()));
        assert!(attempts.take(&one, at(899)).is_err());
        assert_eq!(attempts.take(&one, at(900)), Ok(()));
    }

    #[test]
    fn each_of_several_counters_has_its_limit() {
        let attempts = LocalAttempts::default();
        let both = |client: u32| [counter(client, 10), counter("all", 100)];
        for client in 0..100 {
            assert_eq!(attempts.take(&both(client), at(0)), Ok(()));
        }
        assert!(attempts.take(&both(1_000), at(0)).is_err());
        attempts.give_back(&both(5));
        assert_eq!(attempts.take(&both(1_000), at(0)), Ok(()));
    }

    #[test]
    fn right_ones_do_not_count() {
        let attempts = LocalAttempts::default();
        for _ in 0..1_000 {
            assert_eq!(attempts.take(&[counter("one", 10)], at(0)), Ok(()));
            attempts.give_back(&[counter("one", 10)]);
        }
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let attempts = LocalAttempts::default();
        for number in 0..2_000 {
            let minutes_later = at(number * 60);
            assert!(attempts.take(&[counter(number, 10)], minutes_later).is_ok());
        }
        assert!(attempts.lock().windows.len() < 1_100);
    }
}
