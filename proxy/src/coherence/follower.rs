//! Follows the change feed.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::{Change, FeedMessage, Heartbeat};
use service::Readiness;

use super::position::{Position, Step};
use crate::cache::Cache;
use crate::metrics::Metrics;
use crate::redis_source::{ChangeLog, FeedEvent, LogEntry, ReadError, Subscription};

/// The condition of readiness that is met once the feed was joined for the first time. Later
/// silence does not unmeet it: cached links can still be answered.
pub(crate) const JOINED: &str = "change feed";

/// How often health is looked at, and a failed step repeated.
const LOOK: Duration = Duration::from_millis(250);

/// Almost three heartbeats. Together with the look, a subscription that died without a word is
/// noticed in less than the 2 s in which an edit must take effect.
const SILENCE: Duration = Duration::from_millis(1_400);

/// Follows the change feed into the cache.
pub(crate) struct Follower {
    cache: Arc<Cache>,
    subscription: Subscription,
    log: ChangeLog,
    readiness: Readiness,
    metrics: Arc<Metrics>,
    position: Position,
    /// Whether the present connection is known to have the subscription.
    is_subscribed: bool,
    /// Whether the log holds something that could not be read yet.
    is_behind: bool,
    /// Highest head that a heartbeat has announced in this epoch.
    announced: u64,
    last_heartbeat: Instant,
    /// When a message came, or silence was last acted upon.
    last_sign: Instant,
    /// Whether the last step failed: a lasting failure is logged once.
    is_troubled: bool,
}

impl Follower {
    /// Knows nothing yet.
    pub(crate) fn new(
        cache: Arc<Cache>,
        subscription: Subscription,
        log: ChangeLog,
        readiness: Readiness,
        metrics: Arc<Metrics>,
    ) -> Self {
        let now = Instant::now();
        Self {
            cache,
            subscription,
            log,
            readiness,
            metrics,
            position: Position::default(),
            is_subscribed: false,
            is_behind: true,
            announced: 0,
            last_heartbeat: now,
            last_sign: now,
            is_troubled: false,
        }
    }

    /// Follows until `stopping`. Failures of Redis are waited out.
    pub(crate) async fn run(
        mut self,
        stopping: impl Future<Output = ()>,
    ) -> Result<(), std::convert::Infallible> {
        let mut stopping = pin!(stopping);
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut stopping => break,
                event = self.subscription.next() => self.on_event(event).await,
                _ = look.tick() => self.on_look().await,
            }
            self.metrics
                .feed_applied_seq
                .set(self.position.applied() as f64);
        }
        self.subscription.close();
        self.log.connection.close();
        Ok(())
    }

    async fn on_event(&mut self, event: FeedEvent) {
        match event {
            FeedEvent::Connected => self.join().await,
            FeedEvent::Missed => self.catch_up().await,
            FeedEvent::Message(message) => {
                self.last_sign = Instant::now();
                match message {
                    FeedMessage::Change(change) => self.on_change(change).await,
                    FeedMessage::Heartbeat(heartbeat) => self.on_heartbeat(&heartbeat).await,
                }
            }
        }
    }

    async fn on_change(&mut self, change: Change) {
        // Also after a gap: each change is the whole state, so it need not wait for the others.
        self.cache.feed(change.record);
        if self.position.on_change(change.seq) == Step::CatchUp {
            self.catch_up().await;
        }
    }

    async fn on_heartbeat(&mut self, heartbeat: &Heartbeat) {
        self.last_heartbeat = Instant::now();
        let step = self.position.on_heartbeat(heartbeat);
        self.announced = match step {
            Step::StartOver => heartbeat.head_seq,
            _ => self.announced.max(heartbeat.head_seq),
        };
        match step {
            Step::Stay => {}
            Step::CatchUp => self.catch_up().await,
            Step::StartOver => self.start_over("the database has another history"),
        }
    }

    /// Repeats what failed, and does something about silence.
    async fn on_look(&mut self) {
        let age = self.last_heartbeat.elapsed();
        self.metrics.feed_heartbeat_age.set(age.as_secs_f64());
        if self.last_sign.elapsed() >= SILENCE {
            self.last_sign = Instant::now();
            // Before the subscription is tried, which takes a while if it is dead.
            self.catch_up().await;
            self.join().await;
        } else if self.is_behind {
            self.catch_up().await;
        }
    }

    /// Subscribes, then reads what came before. In this order nothing falls in between.
    async fn join(&mut self) {
        let subscribed = self.subscription.subscribe().await;
        self.is_subscribed = subscribed.is_ok();
        match subscribed {
            Ok(()) => self.catch_up().await,
            Err(error) => {
                self.report("cannot subscribe to the change feed", &error);
                self.subscription.reconnect();
            }
        }
    }

    async fn catch_up(&mut self) {
        self.metrics.feed_catch_ups.increment(1);
        let result = self.read_log().await;
        self.is_behind = result.is_err();
        match result {
            Ok(()) if self.is_subscribed => {
                self.is_troubled = false;
                self.readiness.met(JOINED);
            }
            Ok(()) => {}
            Err(error) => self.report("cannot read the log of changes", &error),
        }
    }

    async fn read_log(&mut self) -> Result<(), ReadError> {
        if !self.position.is_known() {
            let last = self.log.last_seq().await?;
            self.position.begin_at(last);
            // Links may have been looked up while nobody listened for their changes.
            self.start_over("the change feed was joined");
        }
        loop {
            let entries = self.log.after(self.position.applied()).await?;
            if entries.is_empty() {
                break;
            }
            entries
                .into_iter()
                .for_each(|entry| self.on_log_entry(entry));
        }
        if self.position.on_log_end(self.announced) == Step::StartOver {
            self.start_over("the log of changes lacks its end");
        }
        Ok(())
    }

    fn on_log_entry(&mut self, entry: LogEntry) {
        if self.position.on_log_entry(entry.seq) == Step::StartOver {
            self.start_over("the log of changes does not reach back far enough");
        }
        match entry.change {
            Ok(change) => self.cache.feed(change.record),
            Err(error) => {
                tracing::error!(%error, seq = entry.seq, "a change cannot be understood");
                self.start_over("a change is unknown");
            }
        }
    }

    fn start_over(&self, reason: &str) {
        tracing::info!(reason, "all cached links are void");
        self.metrics.cache_generations.increment(1);
        self.cache.start_generation();
    }

    /// Logs the first of several failures, and says why readiness takes so long.
    fn report(&mut self, what: &str, error: &ReadError) {
        if !std::mem::replace(&mut self.is_troubled, true) {
            tracing::warn!(%error, "{what}");
        }
        if self.readiness.missing().contains_key(JOINED) {
            self.readiness.unmet(JOINED, format!("{what}: {error}"));
        }
    }
}
