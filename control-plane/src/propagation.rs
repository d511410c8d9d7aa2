//! Waiting until an edit is in effect at the edge: `?wait=2s`.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::Lifecycle;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::db::{self, ProxyRow};
use crate::error::{Error, Result};

/// Longest wait. A request that waits has so much longer than others.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A proxy that was silent for longer is not waited for: it reports once a second while it can.
const SILENCE_SECONDS: f64 = 5.0;

/// How often reports are looked for that another control plane has taken. One that this process
/// takes is noticed at once.
const LOOK: Duration = Duration::from_millis(50);

/// How long to wait for the edge.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wait {
    /// Answer when the proxies have applied the change, at the latest after this time: `500ms`,
    /// `2s`, at most `10s`. The answer then has `propagation`, unless it was given before to the same
    /// `Idempotency-Key`: then nobody waits.
    #[param(example = "2s")]
    wait: Option<String>,
}

impl Wait {
    /// The time, if any. To be asked before anything is written.
    pub fn patience(&self) -> Result<Option<Duration>> {
        let Some(text) = &self.wait else {
            return Ok(None);
        };
        let refuse = |message| Error::invalid("wait", "invalid_duration", message);
        let patience = humantime::parse_duration(text)
            .map_err(|_| refuse("a time is written as 500ms or 2s"))?;
        if patience > LONGEST_WAIT {
            return Err(refuse("the longest wait is 10s"));
        }
        Ok(Some(patience))
    }
}

/// Where a change is in effect.
#[derive(Debug, Serialize, ToSchema)]
pub struct Propagation {
    /// Whether every proxy says that it has applied the change, silent ones included.
    applied: bool,
    /// The change's number.
    revision: i64,
    /// All proxies that may still serve something. Empty if none is known, or if they could not be
    /// read after the change was written.
    proxies: Vec<AppliedBy>,
}

/// One proxy, and whether a change is in effect there.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppliedBy {
    /// This run of it.
    id: Uuid,
    /// What it is called.
    #[schema(example = "edge-1")]
    name: String,
    /// Whether it says that it has applied the change.
    applied: bool,
    /// Since when nothing was heard of it. A proxy that is cut off goes on with what it knows,
    /// and one that was killed is listed until another of its name has started, or a day has
    /// passed.
    silent_seconds: u64,
}

impl Propagation {
    fn new(revision: i64, rows: Vec<ProxyRow>) -> Self {
        let proxies = rows.into_iter().map(|row| AppliedBy {
            id: row.id,
            name: row.name,
            applied: row.has_applied,
            silent_seconds: row.silent_seconds as u64,
        });
        let proxies: Vec<_> = proxies.collect();
        Self {
            applied: proxies.iter().all(|proxy| proxy.applied),
            revision,
            proxies,
        }
    }

    fn unknown(revision: i64) -> Self {
        Self {
            applied: false,
            revision,
            proxies: Vec::new(),
        }
    }
}

/// Wakes those who wait.
#[derive(Clone)]
pub struct Reports {
    news: Arc<Notify>,
    lifecycle: Lifecycle,
}

impl Reports {
    /// Waits end when `lifecycle` does.
    pub fn new(lifecycle: Lifecycle) -> Self {
        Self {
            news: Arc::default(),
            lifecycle,
        }
    }

    /// A report was taken.
    pub fn reported(&self) {
        self.news.notify_waiters();
    }

    /// Waits until all proxies that are heard of have applied a change, at most for `patience`.
    ///
    /// Does not fail: the change is written, and an error would say that it is not.
    pub async fn wait(&self, pool: &PgPool, revision: i64, patience: Duration) -> Propagation {
        let deadline = Instant::now() + patience;
        let stopping = self.lifecycle.stopping();
        tokio::pin!(stopping);
        loop {
            // Before the look, or a report in between would be missed.
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            let rows = match db::reports(pool, revision).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::warn!(%error, revision, "the proxies' reports cannot be read");
                    return Propagation::unknown(revision);
                }
            };
            let is_awaited =
                |row: &ProxyRow| !row.has_applied && row.silent_seconds < SILENCE_SECONDS;
            if !rows.iter().any(is_awaited) || Instant::now() >= deadline {
                return Propagation::new(revision, rows);
            }
            let next_look = deadline.min(Instant::now() + LOOK);
            tokio::select! {
                () = &mut news => {}
                () = sleep_until(next_look) => {}
                () = &mut stopping => return Propagation::new(revision, rows),
            }
        }
    }
}
