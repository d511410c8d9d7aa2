//! The way of a miss: Redis, then the control plane, then "nobody knows".

use std::borrow::Borrow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::{Counter, counter};
use tokio::sync::watch;

use crate::cache::{Cache, Cached, LinkKey, Lookup};
use crate::control_plane::ControlPlane;
use crate::miss_limit::MissLimit;
use crate::redis_source::Records;

/// Different codes that may be looked up at the same time. Beyond, visitors get a 503 at once:
/// they are not visitors but somebody who tries codes.
const MAX_IN_FLIGHT: usize = 4_096;

/// What the sources say of a link.
#[derive(Debug, Clone)]
pub(crate) enum Resolved {
    /// It exists, or did.
    Found(Arc<Cached>),
    /// It does not.
    Absent,
    /// This client has made us look up too many, and may again after this time. Never remembered.
    Limited(Duration),
    /// They could not be asked. Never remembered.
    Unknown,
}

/// Asks the sources, once for all who wait for the same link.
#[derive(Clone)]
pub(crate) struct Resolver(Arc<Inner>);

struct Inner {
    cache: Arc<Cache>,
    records: Records,
    control_plane: ControlPlane,
    limit: Arc<MissLimit>,
    fills: Fills,
    /// Links being looked up, and where the answer will appear. Each entry is removed by the task
    /// that looks it up.
    in_flight: Mutex<HashMap<LinkKey, watch::Receiver<Option<Resolved>>>>,
}

/// `linkpulse_cache_fills_total{source}`: who answered look-ups. `none`: nobody could.
struct Fills {
    redis: Counter,
    control_plane: Counter,
    none: Counter,
}

impl Fills {
    fn new() -> Self {
        let source =
            |source: &'static str| counter!("linkpulse_cache_fills_total", "source" => source);
        Self {
            redis: source("redis"),
            control_plane: source("control_plane"),
            none: source("none"),
        }
    }
}

impl Resolver {
    /// Fills `cache` from the two sources.
    pub(crate) fn new(
        cache: Arc<Cache>,
        records: Records,
        control_plane: ControlPlane,
        limit: Arc<MissLimit>,
    ) -> Self {
        Self(Arc::new(Inner {
            cache,
            records,
            control_plane,
            limit,
            fills: Fills::new(),
            in_flight: Mutex::default(),
        }))
    }

    /// What the sources say, in less than 2 s.
    pub(crate) async fn resolve(&self, key: &LinkKey, client: Option<IpAddr>) -> Resolved {
        let mut answer = match self.ask(key, client) {
            Asked::Pending(answer) => answer,
            Asked::Known(resolved) => return resolved,
        };
        // An error means that the task died. It is an entry in the log, not a missing link.
        match answer.wait_for(Option::is_some).await {
            Ok(resolved) => resolved.clone().unwrap_or(Resolved::Unknown),
            Err(_) => Resolved::Unknown,
        }
    }

    /// Ends the connection to Redis.
    pub(crate) fn close(&self) {
        self.0.records.close();
    }

    /// Joins those who wait, or is the first of them. The look-up is a task of its own, so that
    /// it goes on when the visitor who caused it leaves.
    fn ask(&self, key: &LinkKey, client: Option<IpAddr>) -> Asked {
        let mut in_flight = self
            .0
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = in_flight.len();
        let entry = match in_flight.entry(key.clone()) {
            Entry::Occupied(waiting) => return Asked::Pending(waiting.get().clone()),
            Entry::Vacant(_) if count >= MAX_IN_FLIGHT => return Asked::Known(Resolved::Unknown),
            Entry::Vacant(entry) => entry,
        };
        // Somebody else's look-up may have ended since the caller looked into the cache.
        match self.0.cache.get(key.borrow()) {
            Lookup::Hit(link) => return Asked::Known(Resolved::Found(link)),
            Lookup::Absent => return Asked::Known(Resolved::Absent),
            Lookup::Miss => {}
        }
        // Only who causes a look-up pays for it: a thousand visitors of a new link cause one.
        if let Err(wait) = self.0.limit.admit(client) {
            return Asked::Known(Resolved::Limited(wait));
        }
        let (sender, receiver) = watch::channel(None);
        entry.insert(receiver.clone());
        let turn = Turn {
            inner: self.0.clone(),
            key: key.clone(),
        };
        tokio::spawn(async move {
            let resolved = turn.inner.look_up(&turn.key).await;
            // Before the answer, so that whoever comes after it finds the cache filled, or asks
            // anew.
            drop(turn);
            sender.send_replace(Some(resolved));
        });
        Asked::Pending(receiver)
    }
}

/// What became of a question.
enum Asked {
    /// The answer is on its way.
    Pending(watch::Receiver<Option<Resolved>>),
    /// No need to ask, or no room.
    Known(Resolved),
}

/// The right to look a link up. Ends with the task, also by a panic.
struct Turn {
    inner: Arc<Inner>,
    key: LinkKey,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut in_flight = self
            .inner
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        in_flight.remove(&self.key);
    }
}

impl Inner {
    async fn look_up(&self, key: &LinkKey) -> Resolved {
        let asked = self.cache.question();
        match self.records.get(key).await {
            Ok(Some(record)) => {
                self.fills.redis.increment(1);
                return Resolved::Found(self.cache.fill(record, asked));
            }
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, domain = key.domain(), code = key.code(), "redis could not be asked for a link");
            }
        }
        match self.control_plane.resolve(key).await {
            Ok(Some(record)) => {
                self.fills.control_plane.increment(1);
                Resolved::Found(self.cache.fill(record, asked))
            }
            Ok(None) => {
                self.fills.control_plane.increment(1);
                self.cache.fill_absent(key.clone(), asked);
                Resolved::Absent
            }
            Err(error) => {
                self.fills.none.increment(1);
                tracing::warn!(%error, domain = key.domain(), code = key.code(), "no source could be asked for a link");
                Resolved::Unknown
            }
        }
    }
}
