//! Starts all of it.

use std::sync::Arc;

use contract::{Clock, Keys};
use service::{Lifecycle, Readiness};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::freshness::{Freshness, Moment};
use super::ledger::Ledger;
use super::position::Position;
use super::report::Identity;
use super::standing::Standing;
use super::{live, log, page, report};
use crate::cache::Cache;
use crate::control_plane::ControlPlane;
use crate::metrics::Metrics;
use crate::redis_source::{ChangeLog, Sessions, Subscription};
use crate::snapshot::Head;

/// What following takes.
pub(crate) struct Follow {
    /// Redis, for the subscription.
    pub(crate) feed: Sessions,
    /// Redis, for heartbeat and log.
    pub(crate) log: Sessions,
    /// Names in Redis.
    pub(crate) keys: Keys,
    /// The other way to the changes.
    pub(crate) control_plane: ControlPlane,
    /// What is to be kept true.
    pub(crate) cache: Arc<Cache>,
    /// Tells the time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Who we are.
    pub(crate) identity: Identity,
    /// Where to count.
    pub(crate) metrics: Arc<Metrics>,
    /// Waits for [`JOINED`](super::JOINED).
    pub(crate) readiness: Readiness,
    /// What the records were worth that are in the cache already.
    pub(crate) restored: Option<Head>,
}

/// What is known by following.
pub(crate) struct Coherence {
    /// When this proxy last knew itself to be up to date.
    pub(crate) freshness: Arc<Freshness>,
    /// How far it has got, and which Redis can be believed.
    pub(crate) standing: watch::Receiver<Standing>,
}

impl Follow {
    /// Follows the change feed into the cache, until `served` is cancelled: as long as requests
    /// are answered, edits take effect.
    pub(crate) fn start(self, lifecycle: &Lifecycle, served: &CancellationToken) -> Coherence {
        let now = Moment::now(&*self.clock);
        // Without a position, what was restored is void as soon as there is one.
        let (position, known_at) = match self.restored {
            None => (Position::default(), now),
            Some(head) => (
                head.epoch.map_or(Position::default(), |epoch| {
                    Position::at(epoch, head.applied)
                }),
                now.back_at(head.fresh_at),
            ),
        };
        let freshness = Arc::new(Freshness::since(known_at, self.identity.max_stale));
        let ledger = Arc::new(Ledger::new(
            position,
            self.cache,
            self.clock,
            freshness.clone(),
            self.metrics,
            self.readiness,
        ));
        let standing = ledger.standing();
        let served = || served.clone().cancelled_owned();

        let subscription = Subscription::new(self.feed.clone(), &self.keys);
        self.feed.start(lifecycle, "redis for the change feed");
        let live = live::listen(ledger.clone(), subscription, served());
        lifecycle.spawn("change feed", live);

        self.log.start(lifecycle, "redis for the change log");
        let log = ChangeLog {
            sessions: self.log,
            keys: self.keys,
        };
        lifecycle.spawn("change log", log::read(ledger.clone(), log, served()));

        let pages = page::ask(ledger, self.control_plane.clone(), served());
        lifecycle.spawn("change pages", pages);

        let reports = report::report(
            self.identity,
            self.control_plane,
            standing.clone(),
            served(),
        );
        lifecycle.spawn("reports", reports);
        Coherence {
            freshness,
            standing,
        }
    }
}
