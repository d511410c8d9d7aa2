//! The relay: carries the change log from Postgres to Redis, in order, from one process at a time.
//!
//! How far it got is not written down anywhere but in Redis itself: the id of the newest entry of
//! `lp:changes:{feed}` is the number of the last logged change, and `lp:position:{s}`, in the same
//! place as the records of shard `s`, that of the last one whose records are there. So whatever
//! Redis loses, a restart or an emptied server, one node of a cluster or all, is published again.

mod feed;
mod leadership;
mod nodes;
mod position;
mod scripts;

use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use sqlx::postgres::PgListener;
use tokio::time::{MissedTickBehavior, interval};

pub use feed::Feed;
use leadership::Candidate;
use position::Progress;

use crate::db::{self, Head};
use crate::error::{Error, Result};
use crate::state::AppState;

/// Time between heartbeats. Proxies take several missing ones for a lost feed.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// Time until a relay that failed tries again.
const RETRY: Duration = Duration::from_secs(1);

/// How often a standby looks whether it can lead. With the time a leader may be silent, this makes
/// a take-over in less than 5 s.
const LOOK: Duration = Duration::from_millis(500);

/// Changes read from Postgres at once.
const BATCH: i64 = 500;

/// A head that is older than this is not announced as the present one: the process may have been
/// frozen since it was read.
const HEAD_LIFETIME: Duration = Duration::from_secs(1);

/// Relays until `stopping`; survives every outage of Postgres and Redis.
pub async fn run(state: AppState, stopping: impl Future<Output = ()>) -> Result<()> {
    tokio::pin!(stopping);
    loop {
        let relay = async {
            let Err(error) = stand_by(&state).await;
            tracing::warn!(%error, "relay interrupted, trying again");
            metrics::gauge!("linkpulse_relay_is_leader").set(0.0);
            tokio::time::sleep(RETRY).await;
        };
        tokio::select! {
            () = relay => {}
            () = &mut stopping => return Ok(()),
        }
    }
}

/// Waits until no other process leads, then leads, until something breaks. Then the connection is
/// closed, and the lock with it: perhaps another process has a better view of Redis.
async fn stand_by(state: &AppState) -> Result<std::convert::Infallible> {
    let mut candidate = Candidate::connect(&state.config.database_url).await?;
    while !candidate.try_lead().await? {
        candidate.depose_silent_leader().await?;
        tokio::time::sleep(LOOK).await;
    }
    lead(state, candidate).await
}

async fn lead(state: &AppState, mut leader: Candidate) -> Result<std::convert::Infallible> {
    let mut feed = Feed::connect(&state.config.redis_url, state.config.keys.clone()).await?;
    // Not one of the pool's: requests need those.
    let mut listener = PgListener::connect(state.config.database_url.expose_secret()).await?;
    listener.listen("link_changes").await?;
    tracing::info!(redis.runs = ?feed.run_ids(), "relay leads");
    metrics::gauge!("linkpulse_relay_is_leader").set(1.0);

    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let is_heartbeat = tokio::select! {
            _ = heartbeat.tick() => true,
            notification = listener.recv() => notification.map(|_| false)?,
        };
        leader.beat().await?;
        let read_at = Instant::now();
        let (head, is_new) = publish(&mut leader, &mut feed).await?;
        // In a cluster proxies believe no records after a change until they know which processes
        // have it.
        let is_due = is_heartbeat || (is_new && feed.is_divided());
        if is_due && read_at.elapsed() < HEAD_LIFETIME {
            feed.heartbeat(&head).await?;
        }
    }
}

/// Publishes what Redis lacks. Returns the head up to which it then has everything, and whether
/// it lacked something.
async fn publish(leader: &mut Candidate, feed: &mut Feed) -> Result<(Head, bool)> {
    // Redis first: what it has was committed before, so a head that is read later and is lower
    // belongs to a database that has lost commits. The other way round, a leader that was frozen
    // in between would take its successor's work for another history.
    let known = feed.position().await?;
    let mut head = db::head(leader.connection()).await?;
    if known.is_ahead_of(&head) {
        tracing::error!(
            ?known,
            head.seq,
            "the database has lost changes that were published, its history gets a new name"
        );
        db::rename_history(leader.connection(), head.epoch).await?;
        head = db::head(leader.connection()).await?;
    }
    let Progress {
        logged,
        mut published,
    } = match known.seq_in(&head) {
        Some(progress) => progress,
        None => {
            tracing::warn!(
                ?known,
                head.seq,
                "Redis holds another history, starting over"
            );
            feed.start_over(head.epoch).await?;
            Progress::default()
        }
    };
    let is_new = published < head.seq;
    while published < head.seq {
        let changes = db::changes_after(leader.connection(), published, BATCH).await?;
        let Some(last) = changes.last() else {
            return Err(Error::internal(format!(
                "changes after {published} are missing from the log"
            )));
        };
        feed.publish(head.epoch, published, logged, &changes)
            .await?;
        published = last.seq;
        leader.beat().await?;
    }
    metrics::gauge!("linkpulse_relay_published_seq").set(published as f64);
    let head = Head {
        seq: published,
        ..head
    };
    Ok((head, is_new))
}
