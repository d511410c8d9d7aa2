//! When this proxy last knew itself to be up to date.
//!
//! Two clocks, and the larger age counts. The wall clock may be set back, and a proxy that is cut
//! off would look fresh for an hour. The clock that counts from the machine's start cannot be set,
//! and goes on while the machine sleeps or the process is frozen, so a proxy that wakes knows by
//! itself that it is late. Tests move the wall clock.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use contract::{Clock, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// Links marked as strict are not answered when nothing was heard for longer.
const STRICT: Duration = Duration::from_secs(10);

/// A moment by both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    wall: Timestamp,
    /// Microseconds since the machine started.
    uptime: i64,
}

impl Moment {
    /// The present moment.
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self {
            wall: clock.now(),
            uptime: uptime(),
        }
    }

    /// An earlier moment, of which only the wall clock's time was kept.
    pub(crate) fn back_at(self, wall: Timestamp) -> Self {
        let ago = (self.wall.as_micros() - wall.as_micros()).max(0);
        Self {
            wall,
            uptime: self.uptime - ago,
        }
    }
}

/// Shared by all requests: reading it takes no lock.
#[derive(Debug)]
pub(crate) struct Freshness {
    /// Whether anything was ever confirmed.
    is_confirmed: AtomicBool,
    /// The moment, in microseconds of each clock. Written by the followers only, one at a time.
    wall: AtomicI64,
    uptime: AtomicI64,
    max_stale: Duration,
}

impl Freshness {
    /// Nothing was confirmed in this run, but all that is in memory was current at `start`, or was
    /// learnt later.
    pub(crate) fn since(start: Moment, max_stale: Duration) -> Self {
        Self {
            is_confirmed: AtomicBool::new(false),
            wall: AtomicI64::new(start.wall.as_micros()),
            uptime: AtomicI64::new(start.uptime),
            max_stale,
        }
    }

    /// How long ago it was known that nothing is missing here; the longest time there is if it
    /// never was.
    pub(crate) fn age(&self, now: Timestamp) -> Duration {
        match self.is_confirmed() {
            true => self.staleness(now),
            false => Duration::MAX,
        }
    }

    /// Whether a link may be answered from memory.
    pub(crate) fn permits(&self, is_strict: bool, now: Timestamp) -> bool {
        match is_strict {
            true => self.age(now) <= STRICT,
            // Without confirmation too: what was learnt since the start is not older than that.
            false => self.staleness(now) <= self.max_stale,
        }
    }

    /// When it was last known that nothing is missing here.
    pub(crate) fn known_at(&self) -> Timestamp {
        Timestamp::from_micros(self.wall.load(Ordering::Relaxed))
    }

    /// Whether anything was ever confirmed.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.is_confirmed.load(Ordering::Acquire)
    }

    /// All that was committed before `moment` is in effect here. An earlier moment than the last
    /// changes nothing.
    pub(crate) fn confirm(&self, moment: Moment) {
        if self.is_confirmed() && moment.uptime < self.uptime.load(Ordering::Relaxed) {
            return;
        }
        self.wall.store(moment.wall.as_micros(), Ordering::Relaxed);
        self.uptime.store(moment.uptime, Ordering::Relaxed);
        self.is_confirmed.store(true, Ordering::Release);
    }

    fn staleness(&self, now: Timestamp) -> Duration {
        let by_wall = now.as_micros() - self.wall.load(Ordering::Relaxed);
        let by_uptime = uptime() - self.uptime.load(Ordering::Relaxed);
        let micros = by_wall.max(by_uptime).max(0);
        Duration::from_micros(micros.unsigned_abs())
    }
}

/// Microseconds since the machine started, sleep included.
fn uptime() -> i64 {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::FixedClock;

    const SECOND: i64 = 1_000_000;
    const DAY: Duration = Duration::from_secs(86_400);

    fn clock() -> FixedClock {
        FixedClock::new(Timestamp::from_micros(1_800_000_000 * SECOND))
    }

    fn moment(clock: &FixedClock, seconds_ago: i64) -> Moment {
        Moment {
            wall: clock.now(),
            uptime: uptime() - seconds_ago * SECOND,
        }
    }

    #[test]
    fn strict_links_fail_closed_after_10_s_and_others_after_a_day() {
        let clock = clock();
        let freshness = Freshness::since(Moment::now(&clock), DAY);
        assert!(!freshness.permits(true, clock.now()), "never confirmed");
        assert!(freshness.permits(false, clock.now()));
        assert_eq!(freshness.age(clock.now()), Duration::MAX);

        freshness.confirm(Moment::now(&clock));
        clock.advance(9 * SECOND);
        assert!(freshness.permits(true, clock.now()));
        clock.advance(2 * SECOND);
        assert!(!freshness.permits(true, clock.now()));
        assert!(freshness.permits(false, clock.now()));
        clock.advance(86_400 * SECOND);
        assert!(!freshness.permits(false, clock.now()));

        freshness.confirm(Moment::now(&clock));
        assert!(freshness.permits(true, clock.now()));
    }

    #[test]
    fn a_wall_clock_that_is_set_back_hides_nothing() {
        let clock = clock();
        let freshness = Freshness::since(Moment::now(&clock), DAY);
        freshness.confirm(moment(&clock, 30));
        clock.advance(-3_600 * SECOND);
        assert!(freshness.age(clock.now()) >= Duration::from_secs(30));
        assert!(!freshness.permits(true, clock.now()));
    }

    #[test]
    fn an_answer_that_comes_late_does_not_make_it_older() {
        let clock = clock();
        let freshness = Freshness::since(Moment::now(&clock), DAY);
        freshness.confirm(moment(&clock, 1));
        freshness.confirm(moment(&clock, 20));
        assert!(freshness.age(clock.now()) < Duration::from_secs(10));
    }
}
