//! What this proxy knows of the log of changes, and what each piece of news does to it.
//!
//! News comes on three ways at once: the subscription, Redis' log, the control plane. Each is a
//! task of its own, so that one that hangs delays no other. Here they meet, one at a time, in any
//! order, and nothing in here waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use contract::{Change, ChangePage, Clock, FeedMessage, Heartbeat};
use service::Readiness;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::freshness::{Freshness, Moment};
use super::position::{Position, Step, Turn};
use super::standing::{RedisCopy, Standing};
use crate::cache::Cache;
use crate::metrics::Metrics;
use crate::redis_source::LogEntry;

/// The condition of readiness that is met once this proxy knows where the log stands: from then on
/// it can tell which source to believe. Later silence does not unmeet it, links can still be
/// answered.
pub(crate) const JOINED: &str = "change feed";

/// Almost three heartbeats. Together with the looks of the tasks, a feed that died without a word
/// is replaced in less than the 2 s in which an edit must take effect.
pub(super) const SILENCE: Duration = Duration::from_millis(1_400);

/// The books, and those to be told.
pub(crate) struct Ledger {
    pub(super) cache: Arc<Cache>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) freshness: Arc<Freshness>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) readiness: Readiness,
    state: Mutex<State>,
    standing: watch::Sender<Standing>,
    /// Wakes the reader of Redis' log.
    pub(super) log_wanted: Notify,
    /// Wakes the one who asks the control plane.
    pub(super) page_wanted: Notify,
}

struct State {
    position: Position,
    /// Whether the position was ever known.
    is_joined: bool,
    /// Counts how often the position was set anew. What was asked for before is void.
    history: u64,
    redis: Option<Arc<RedisCopy>>,
    /// The heartbeat that was found in Redis by the last look.
    last_beat: Option<Beat>,
    /// When a look last found a new one.
    last_advance: Instant,
    /// At that moment the head was not higher than this.
    pending: Option<(Moment, u64)>,
    /// A message was lost: perhaps the log has more than the last heartbeat said.
    is_suspect: bool,
    /// Redis' log lacks what comes next.
    is_short: bool,
}

struct Beat {
    run_id: Arc<str>,
    heartbeat: Heartbeat,
    asked: Moment,
}

/// Where to read on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errand {
    /// Changes after this one; `None`: only the head, since nothing is known yet.
    pub(super) after: Option<u64>,
    history: u64,
}

impl Ledger {
    pub(super) fn new(
        position: Position,
        cache: Arc<Cache>,
        clock: Arc<dyn Clock>,
        freshness: Arc<Freshness>,
        metrics: Arc<Metrics>,
        readiness: Readiness,
    ) -> Self {
        Self {
            cache,
            clock,
            freshness,
            metrics,
            readiness,
            state: Mutex::new(State {
                position,
                is_joined: false,
                history: 0,
                redis: None,
                last_beat: None,
                last_advance: Instant::now(),
                pending: None,
                is_suspect: false,
                is_short: false,
            }),
            standing: watch::Sender::default(),
            log_wanted: Notify::new(),
            page_wanted: Notify::new(),
        }
    }

    /// Follows what is known here.
    pub(super) fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// The subscription brought something.
    pub(super) fn on_message(&self, run_id: &str, message: FeedMessage) {
        self.update(|state| match message {
            FeedMessage::Change(change) => {
                let seq = change.seq;
                match state.position.take(change.epoch, seq) {
                    Turn::Past | Turn::Foreign => return,
                    Turn::Next => self.cache.feed(change.record),
                    Turn::Ahead => self.log_wanted.notify_one(),
                }
                // The relay announces what it has written to this Redis.
                state.redis_has(run_id, seq);
            }
            FeedMessage::Heartbeat(heartbeat) => self.hear(state, &heartbeat),
        });
    }

    /// The subscription lost something, or began only now.
    pub(super) fn on_loss(&self) {
        self.update(|state| state.is_suspect = true);
        self.log_wanted.notify_one();
    }

    /// A look at the heartbeat that Redis keeps; `asked` is when it began.
    ///
    /// That it differs from the one of the look before proves that it was written after that look
    /// had begun, however long either was on its way. So nothing that was committed earlier is
    /// missing up to its head, whatever the clocks of others show, and even if this process was
    /// frozen in between.
    pub(super) fn on_stored_beat(
        &self,
        run_id: &Arc<str>,
        heartbeat: Option<Heartbeat>,
        asked: Moment,
    ) {
        // Of another Redis process: a copy of the data was brought back. Or none at all: Redis was
        // emptied.
        let is_of_this = |beat: &Heartbeat| beat.redis_runs.iter().any(|run| **run == **run_id);
        let vouched = heartbeat.filter(is_of_this);
        self.update(|state| {
            let Some(heartbeat) = vouched else {
                state.redis = None;
                state.last_beat = None;
                return;
            };
            let beat = Beat {
                run_id: run_id.clone(),
                heartbeat,
                asked,
            };
            self.hear(state, &beat.heartbeat);
            let head = beat.heartbeat.head_seq;
            let before = state.last_beat.replace(beat);
            let beat = state.last_beat.as_ref();
            if let (Some(before), Some(beat)) = (before, beat)
                && before.run_id == beat.run_id
            {
                if before.heartbeat == beat.heartbeat {
                    // Still the same: this look proves no more than the first that found it.
                    state.last_beat = Some(Beat { asked, ..before });
                } else {
                    state.last_advance = Instant::now();
                    state.pending = Some((before.asked, head));
                }
            }
        });
    }

    /// What to read from the log of this Redis, if anything.
    pub(super) fn log_errand(&self, run_id: &str) -> Option<Errand> {
        let is_trusted = self.standing.borrow().trusts(run_id).is_some();
        self.update(|state| {
            let after = state.position.applied()?;
            let head = state.redis.as_ref()?.head;
            let is_wanted = state.is_suspect || after < head;
            (is_trusted && is_wanted && !state.is_short).then(|| state.errand())
        })
    }

    /// The log was read, from the errand's position.
    pub(super) fn on_log(&self, run_id: &str, errand: Errand, entries: Vec<LogEntry>) {
        self.update(|state| {
            if state.history != errand.history {
                return;
            }
            if entries.is_empty() {
                state.is_suspect = false;
                state.is_short = state.is_behind_redis();
            }
            for entry in entries {
                let epoch = entry.change.as_ref().ok().and_then(|change| change.epoch);
                match state.position.take(epoch, entry.seq) {
                    Turn::Past => continue,
                    Turn::Next => self.take(entry.change, entry.seq),
                    Turn::Ahead | Turn::Foreign => {
                        state.is_short = true;
                        break;
                    }
                }
                state.redis_has(run_id, entry.seq);
            }
            if state.is_short {
                self.page_wanted.notify_one();
            }
        });
    }

    /// What to ask the control plane, if anything. While Redis brings news it is left in peace.
    pub(super) fn page_errand(&self) -> Option<Errand> {
        self.update(|state| {
            let is_wanted = state.is_short
                || !self.freshness.is_confirmed()
                || state.last_advance.elapsed() >= SILENCE;
            is_wanted.then(|| state.errand())
        })
    }

    /// The control plane has answered; `asked` is when it was asked. Returns whether it has more.
    pub(super) fn on_page(&self, errand: Errand, page: ChangePage, asked: Moment) -> bool {
        let Heartbeat {
            epoch, head_seq, ..
        } = page.heartbeat;
        self.update(|state| {
            if state.history != errand.history {
                return false;
            }
            state.pending = Some((asked, head_seq));
            if state.position.on_database_head(epoch, head_seq) == Step::StartOver {
                self.start_over(state, epoch, head_seq);
                return false;
            }
            let is_empty = page.changes.is_empty();
            let mut seq = errand.after.unwrap_or(0);
            for change in page.changes {
                seq = change.as_ref().map_or(seq + 1, |change| change.seq);
                match state.position.take(Some(epoch), seq) {
                    Turn::Past => {}
                    Turn::Next => self.take(change, seq),
                    Turn::Ahead | Turn::Foreign => {
                        tracing::warn!(seq, "the log of changes does not reach back far enough");
                        self.start_over(state, epoch, head_seq.max(seq));
                        return false;
                    }
                }
            }
            state.is_short &= state.is_behind_redis();
            !is_empty && state.position.applied() < Some(head_seq)
        })
    }

    /// The control plane could not be asked. If Redis lacks the changes too, nobody will ever tell
    /// them; but what it has of the links is current.
    pub(super) fn on_no_page(&self) {
        self.update(|state| {
            if let (true, Some(copy)) = (state.is_short, state.redis.clone()) {
                tracing::warn!(
                    "Redis lacks changes, and the control plane cannot be asked for them"
                );
                self.start_over(state, copy.epoch, copy.head);
            }
        });
    }

    fn hear(&self, state: &mut State, heartbeat: &Heartbeat) {
        let &Heartbeat {
            epoch, head_seq, ..
        } = heartbeat;
        match state.position.on_relayed_head(epoch, head_seq) {
            Step::Stay => {}
            Step::CatchUp => self.log_wanted.notify_one(),
            Step::StartOver => self.start_over(state, epoch, head_seq),
        }
        state.redis = Some(Arc::new(RedisCopy {
            runs: heartbeat.redis_runs.clone(),
            epoch,
            head: head_seq,
        }));
    }

    /// Applies the next change.
    fn take(&self, change: Result<Change, contract::DecodeError>, seq: u64) {
        match change {
            Ok(change) => self.cache.feed(change.record),
            Err(error) => {
                tracing::error!(%error, seq, "a change cannot be understood");
                self.void();
            }
        }
    }

    /// Begins at `head`, with nothing known.
    fn start_over(&self, state: &mut State, epoch: Uuid, head: u64) {
        tracing::info!(before = ?state.position, %epoch, head, "all cached links are void");
        state.position = Position::at(epoch, head);
        state.history += 1;
        state.is_suspect = false;
        state.is_short = false;
        self.void();
    }

    fn void(&self) {
        self.metrics.cache_generations.increment(1);
        self.cache.start_generation();
    }

    /// One change of the books, after which everybody is told what is new.
    fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        let applied = state.position.applied();
        if let Some((moment, head)) = state.pending
            && applied.is_some_and(|applied| applied >= head)
        {
            state.pending = None;
            self.freshness.confirm(moment);
        }
        if applied.is_some() && !std::mem::replace(&mut state.is_joined, true) {
            self.readiness.met(JOINED);
        }
        let standing = Standing {
            epoch: state.position.epoch(),
            applied: applied.unwrap_or(0),
            redis: state.redis.clone(),
        };
        self.metrics.feed_applied_seq.set(standing.applied as f64);
        let relayed = state.redis.as_ref().map_or(0, |copy| copy.head);
        let told = state.pending.map_or(0, |(_, head)| head);
        let lag = relayed.max(told).saturating_sub(standing.applied);
        self.metrics.feed_lag.set(lag as f64);
        self.standing.send_if_modified(|known| {
            let is_new = *known != standing;
            *known = standing;
            is_new
        });
        result
    }
}

impl State {
    fn errand(&self) -> Errand {
        Errand {
            after: self.position.applied(),
            history: self.history,
        }
    }

    /// That Redis has a change, and so all before it.
    ///
    /// In a cluster only a heartbeat tells: the change may have been written to a process that has
    /// taken the place of one of those we know of, and what that one has is out of date since then.
    fn redis_has(&mut self, run_id: &str, seq: u64) {
        let copy = self.redis.as_mut().filter(|copy| copy.runs.len() == 1);
        if let Some(copy) = copy.filter(|copy| copy.head < seq && copy.has_run(run_id)) {
            Arc::make_mut(copy).head = seq;
        }
    }

    fn is_behind_redis(&self) -> bool {
        let head = self.redis.as_ref().map(|copy| copy.head);
        self.position.applied() < head
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
