//! How long visitors wait for us, exactly.
//!
//! The exporter's own histograms are estimates; a high percentile of theirs may be off by half.
//! These keep two digits. Each thread writes to one of several histograms, so that it hardly ever
//! waits for another.

use std::cell::Cell;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use metrics::{Gauge, gauge};

/// Histograms: more than a machine's threads would only cost memory (20 KiB each).
const SHARDS: usize = 16;

/// What is shown is of the last so many seconds.
const WINDOW: Duration = Duration::from_secs(10);

/// The longest time that is told from longer ones, in nanoseconds: a minute.
const LONGEST: u64 = 60_000_000_000;

const QUANTILES: [(&str, f64); 4] = [
    ("0.5", 0.5),
    ("0.95", 0.95),
    ("0.99", 0.99),
    ("0.999", 0.999),
];

thread_local! {
    /// The histogram of this thread.
    static SHARD: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Gives histograms to threads in turn.
static NEXT_SHARD: AtomicUsize = AtomicUsize::new(0);

/// `linkpulse_redirect_duration_seconds{quantile}`: from a request's last byte to its answer's
/// first, over the last ten seconds; look-ups included, the network not.
pub(crate) struct Latency {
    /// Each protects one histogram of nanoseconds, and is held for one addition.
    shards: Vec<Mutex<Histogram<u64>>>,
    quantiles: [(f64, Gauge); 4],
}

impl Latency {
    pub(crate) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::new(empty())).collect(),
            quantiles: QUANTILES.map(|(label, quantile)| {
                let gauge = gauge!("linkpulse_redirect_duration_seconds", "quantile" => label);
                (quantile, gauge)
            }),
        }
    }

    /// Notes the time that one answer took.
    pub(crate) fn record(&self, elapsed: Duration) {
        let shard = SHARD.get().unwrap_or_else(|| {
            let shard = NEXT_SHARD.fetch_add(1, Ordering::Relaxed) % SHARDS;
            SHARD.set(Some(shard));
            shard
        });
        let mut histogram = self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        histogram.saturating_record(elapsed.as_nanos().try_into().unwrap_or(LONGEST));
    }

    /// Shows the last window again and again, until the stop.
    pub(crate) async fn show_regularly(&self, stopping: impl Future<Output = ()>) {
        tokio::pin!(stopping);
        loop {
            tokio::select! {
                () = tokio::time::sleep(WINDOW) => self.show(),
                () = &mut stopping => return,
            }
        }
    }

    fn show(&self) {
        let window = self.take();
        for (quantile, gauge) in &self.quantiles {
            gauge.set(window.value_at_quantile(*quantile) as f64 / 1e9);
        }
    }

    /// What was noted since the last time.
    fn take(&self) -> Histogram<u64> {
        let mut sum = empty();
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            // Made with the same bounds, so every value has its place.
            let added = sum.add(&*shard);
            debug_assert!(added.is_ok());
            shard.reset();
        }
        sum
    }
}

#[expect(clippy::expect_used, reason = "the bounds are constants, and in order")]
fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, 2).expect("bounds in order")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_what_all_threads_noted_once() {
        let latency = Latency::new();
        std::thread::scope(|scope| {
            for thread in 0..20 {
                let latency = &latency;
                scope.spawn(move || {
                    for _ in 0..100 {
                        latency.record(Duration::from_micros(thread * 10 + 10));
                    }
                });
            }
        });
        latency.record(Duration::from_secs(600));
        let window = latency.take();
        assert_eq!(window.len(), 2_001);
        let median = window.value_at_quantile(0.5) as f64;
        assert!((109_000.0..112_000.0).contains(&median), "{median}");
        assert!(window.max() >= LONGEST);
        assert_eq!(latency.take().len(), 0);
    }
}
