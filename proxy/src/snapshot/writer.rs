//! Writes the snapshot now and then, and at the end.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, counter, gauge};

use super::file::{self, Head};
use crate::cache::Cache;

/// How often. A proxy that is killed starts with what it had a minute ago, and reads what changed
/// since.
const INTERVAL: Duration = Duration::from_secs(60);

/// Writes the cache to disk.
pub(crate) struct Snapshots {
    path: PathBuf,
    cache: Arc<Cache>,
    /// `linkpulse_snapshot_links`: records in the newest one.
    links: Gauge,
    /// `linkpulse_snapshot_failures_total`.
    failures: Counter,
}

impl Snapshots {
    pub(crate) fn new(path: PathBuf, cache: Arc<Cache>) -> Self {
        Self {
            path,
            cache,
            links: gauge!("linkpulse_snapshot_links"),
            failures: counter!("linkpulse_snapshot_failures_total"),
        }
    }

    /// Writes regularly until `stopping`, and then once more. `head` tells what the cache is worth;
    /// it is asked before the cache is read, so that it never promises too much.
    pub(crate) async fn run(
        self: Arc<Self>,
        head: impl Fn() -> Head,
        stopping: impl Future<Output = ()>,
    ) -> Result<(), std::convert::Infallible> {
        let mut stopping = pin!(stopping);
        let mut written = None;
        loop {
            let is_last = tokio::select! {
                () = tokio::time::sleep(INTERVAL) => false,
                () = &mut stopping => true,
            };
            let state = (self.cache.fills(), head());
            // A quiet night costs no disk. The time alone is worth a write at the end.
            if is_last || written.as_ref().map(|(fills, _)| fills) != Some(&state.0) {
                self.clone().write(state.1.clone()).await;
                written = Some(state);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn write(self: Arc<Self>, head: Head) {
        let task = tokio::task::spawn_blocking(move || {
            let records = self.cache.records();
            let records = records.map(|cached| cached.record.encode());
            match file::write(&self.path, &head, records) {
                Ok(count) => self.links.set(count as f64),
                Err(error) => {
                    self.failures.increment(1);
                    let path = self.path.display();
                    tracing::error!(%error, %path, "the snapshot of the cache cannot be written");
                }
            }
        });
        if let Err(error) = task.await {
            tracing::error!(%error, "writing the snapshot broke off");
        }
    }
}
