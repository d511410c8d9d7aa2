//! What services count, added up over their restarts: a counter that is killed begins again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::servers::Client;

/// Between two looks. What is counted between the last one and a kill is not seen.
const LOOK: Duration = Duration::from_millis(100);

/// What is looked for: proof that things went wrong and were mended.
pub(super) const SIGNS: [(&str, &str); 6] = [
    (
        "linkpulse_blocks_resent_total",
        "blocks sent again, for nobody had confirmed them",
    ),
    (
        "linkpulse_blocks_missed_total",
        "blocks sent again, for redis no longer had them",
    ),
    ("linkpulse_blocks_duplicate_total", "duplicates recognised"),
    (
        "linkpulse_entries_reclaimed_total",
        "entries taken over from silent workers",
    ),
    (
        "linkpulse_feed_catch_ups_total",
        "catch-ups with the change log",
    ),
    (
        "linkpulse_dead_letters_total",
        "entries set aside as unreadable",
    ),
];

/// By service, and by metric: what earlier incarnations have counted, and the present one's last.
type Seen = BTreeMap<(SocketAddr, &'static str), (f64, f64)>;

/// Looks until it is told to end.
pub(super) struct Watch {
    seen: Arc<Mutex<Seen>>,
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Watch {
    pub(super) fn start(services: Vec<SocketAddr>) -> Self {
        let seen = Arc::new(Mutex::new(Seen::new()));
        let is_over = Arc::new(AtomicBool::new(false));
        // Each by itself: one that stands still keeps whoever asks it waiting.
        let threads = services.into_iter().map(|service| {
            let (seen, is_over) = (seen.clone(), is_over.clone());
            thread::spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    if let Some(metrics) = metrics(service) {
                        note(&seen, service, &metrics);
                    }
                    thread::sleep(LOOK);
                }
            })
        });
        Self {
            threads: threads.collect(),
            seen,
            is_over,
        }
    }

    /// The sums.
    pub(super) fn finish(self) -> BTreeMap<&'static str, u64> {
        self.is_over.store(true, Ordering::SeqCst);
        for thread in self.threads {
            let _ = thread.join();
        }
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sums: BTreeMap<&'static str, u64> = BTreeMap::new();
        for ((_, name), (before, last)) in seen.iter() {
            *sums.entry(name).or_default() += (before + last) as u64;
        }
        sums
    }
}

fn metrics(service: SocketAddr) -> Option<String> {
    let reply = Client::connect(service).ok()?.get("/metrics").ok()?;
    (reply.status == 200).then_some(reply.body)
}

fn note(seen: &Mutex<Seen>, service: SocketAddr, metrics: &str) {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    for (name, _) in SIGNS {
        let values = metrics.lines().filter_map(|line| {
            let (found, value) = line.rsplit_once(' ')?;
            let is_it = found == name || found.starts_with(&format!("{name}{{"));
            is_it.then(|| value.parse::<f64>().ok())?
        });
        let now: f64 = values.sum();
        let (before, last) = seen.entry((service, name)).or_default();
        if now < *last {
            *before += *last;
        }
        *last = now;
    }
}
