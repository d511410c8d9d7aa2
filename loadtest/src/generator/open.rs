//! Open loop: requests are due at moments that do not depend on the server. A client that waits
//! for an answer does not keep others from coming, and time is counted from the moment a request
//! was due: what a server keeps waiting is counted against it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::connection::Asked;
use super::crowd::Crowd;

/// Latencies are kept from a nanosecond up to a minute, to three digits.
const LONGEST: u64 = 60_000_000_000;
const DIGITS: u8 = 3;

/// Longest sleep: the end is looked for this often.
const LOOK: Duration = Duration::from_millis(20);

/// A piece of a measurement, looked at by itself.
pub(crate) const WINDOW: Duration = Duration::from_millis(100);

/// When no further request is due.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop<'s> {
    /// After this time.
    After(Duration),
    /// When somebody says so.
    When(&'s AtomicBool),
}

/// How long clients waited, and how well this generator kept its promise.
#[derive(Debug)]
pub(crate) struct Timed {
    /// From the moment a request was due to its whole answer. Nanoseconds.
    pub(crate) latency: Histogram<u64>,
    /// From the moment a request was due to its sending. Part of the latency. Nanoseconds.
    pub(crate) delay: Histogram<u64>,
    /// The 99th percentile of the latency in each [`WINDOW`]. Most windows have no pause of the
    /// machine in them, so their median tells of the server.
    pub(crate) windows: Vec<u64>,
    pub(crate) elapsed: Duration,
}

/// Latencies of the current window.
struct Window {
    end: Instant,
    latencies: Vec<u64>,
}

impl Window {
    /// Takes an answer's latency; when the window is over, the 99th percentile of its own.
    fn add(&mut self, at: Instant, latency: u64) -> Option<u64> {
        let mut ended = None;
        if at >= self.end {
            let count = self.latencies.len();
            if count > 0 {
                let (_, p99, _) = self.latencies.select_nth_unstable((count - 1) * 99 / 100);
                ended = Some(*p99);
            }
            self.latencies.clear();
            self.end = at + WINDOW;
        }
        self.latencies.push(latency);
        ended
    }
}

/// Random moments with a steady mean, as if many independent people came (a Poisson process).
pub(crate) struct Arrivals {
    next: Instant,
    mean: f64,
    random: Xoshiro256PlusPlus,
}

impl Arrivals {
    /// The first comes after a random pause.
    pub(crate) fn new(begin: Instant, per_second: f64, seed: u64) -> Self {
        let mut arrivals = Self {
            next: begin,
            mean: 1.0 / per_second,
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
        };
        arrivals.advance();
        arrivals
    }

    /// All until this moment.
    pub(crate) fn until(mut self, end: Instant) -> Vec<Instant> {
        let mut moments = Vec::new();
        while self.next < end {
            moments.push(self.next);
            self.advance();
        }
        moments
    }

    fn advance(&mut self) {
        // 1 − x is never 0, so its logarithm is finite.
        let uniform = 1.0 - self.random.random::<f64>();
        self.next += Duration::from_secs_f64(-uniform.ln() * self.mean);
    }
}

impl Timed {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            latency: Histogram::new_with_bounds(1, LONGEST, DIGITS)?,
            delay: Histogram::new_with_bounds(1, LONGEST, DIGITS)?,
            windows: Vec::new(),
            elapsed: Duration::ZERO,
        })
    }

    /// Adds another run.
    pub(crate) fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.latency.add(&other.latency)?;
        self.delay.add(&other.delay)?;
        self.windows.extend(&other.windows);
        self.elapsed += other.elapsed;
        Ok(())
    }
}

impl Crowd<'_> {
    /// Lets requests for random links come at this rate, then waits for the last answers. The same
    /// seed gives the same requests at the same moments.
    pub(crate) fn run_open(
        &mut self,
        per_second: f64,
        stop: Stop<'_>,
        seed: u64,
    ) -> anyhow::Result<Timed> {
        let begun = Instant::now();
        self.begin();
        let links = self.links().len();
        let mut choice = Xoshiro256PlusPlus::seed_from_u64(!seed);
        let mut arrivals = Arrivals::new(begun, per_second, seed);
        let mut timed = Timed::new()?;
        let mut idle: VecDeque<usize> = (0..self.size()).collect();
        let clients = idle.len();
        let mut waiting: VecDeque<Asked> = VecDeque::new();
        let mut window = Window {
            end: begun + WINDOW,
            latencies: Vec::new(),
        };
        let mut is_over = false;
        loop {
            let now = Instant::now();
            is_over = is_over
                || match stop {
                    Stop::After(limit) => now.duration_since(begun) >= limit,
                    Stop::When(flag) => flag.load(Ordering::Relaxed),
                };
            while !is_over && arrivals.next <= now {
                let link = choice.random_range(0..links);
                let since = arrivals.next;
                waiting.push_back(Asked { link, since });
                arrivals.advance();
            }
            while let (Some(&asked), Some(&client)) = (waiting.front(), idle.front()) {
                timed
                    .delay
                    .saturating_record(nanos(asked.since, Instant::now()));
                self.ask(client, asked)?;
                waiting.pop_front();
                idle.pop_front();
            }
            if is_over && waiting.is_empty() && idle.len() == clients {
                break;
            }
            let until_next = arrivals.next.saturating_duration_since(Instant::now());
            let sleep = if is_over { LOOK } else { until_next.min(LOOK) };
            let (latency, windows) = (&mut timed.latency, &mut timed.windows);
            if idle.len() == clients {
                // Nobody waits, so nobody is silent.
                self.begin();
            }
            self.wait(sleep, |answered| {
                let nanos = nanos(answered.asked.since, answered.at);
                latency.saturating_record(nanos);
                windows.extend(window.add(answered.at, nanos));
                idle.push_back(answered.client);
            })?;
        }
        timed.elapsed = begun.elapsed();
        Ok(timed)
    }
}

/// Nanoseconds between two moments, 1 at least.
pub(crate) fn nanos(from: Instant, to: Instant) -> u64 {
    let nanos = to.saturating_duration_since(from).as_nanos();
    u64::try_from(nanos).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_tells_its_own_percentile() {
        let begin = Instant::now();
        let end = begin + WINDOW;
        let latencies = Vec::new();
        let mut window = Window { end, latencies };
        for latency in 1..=1_000 {
            assert_eq!(window.add(begin, latency), None);
        }
        assert_eq!(window.add(end, 7), Some(990));
        assert_eq!(window.add(end + WINDOW, 8), Some(7));
    }

    #[test]
    fn arrivals_have_the_rate_that_was_asked_for() {
        let begin = Instant::now();
        let mut arrivals = Arrivals::new(begin, 1_000.0, 7);
        for _ in 1..100_000 {
            arrivals.advance();
        }
        let seconds = arrivals.next.duration_since(begin).as_secs_f64();
        assert!((99.0..101.0).contains(&seconds), "{seconds}");
    }
}
