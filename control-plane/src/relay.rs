//! The relay: carries the change log from Postgres to Redis, in order, from one process at a time.
//!
//! How far it got is not written down anywhere but in Redis itself: the id of the newest entry of
//! `lp:changes` is the number of the last published change. So whatever Redis loses, a restart or
//! an emptied server, is published again, and nothing can disagree.

mod feed;
mod leadership;

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::time::{MissedTickBehavior, interval};

pub use feed::Feed;
use leadership::Leadership;

use crate::db;
use crate::error::{Error, Result};
use crate::state::AppState;

/// Time between heartbeats. Proxies count several missing ones as a lost feed.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// Time until a relay that failed, or is not the leader, tries again. A standby takes over within
/// this time once Postgres notices that the leader is gone.
const RETRY: Duration = Duration::from_secs(1);

/// Changes read from Postgres at once.
const BATCH: i64 = 500;

/// Relays until `stopping`; survives every outage of Postgres and Redis.
pub async fn run(state: AppState, stopping: impl Future<Output = ()>) -> Result<()> {
    tokio::pin!(stopping);
    loop {
        let lead = async {
            match lead(&state).await {
                Ok(()) => {}
                Err(error) => tracing::warn!(%error, "relay interrupted, trying again"),
            }
            metrics::gauge!("linkpulse_relay_is_leader").set(0.0);
            tokio::time::sleep(RETRY).await;
        };
        tokio::select! {
            () = lead => {}
            () = &mut stopping => return Ok(()),
        }
    }
}

/// Leads if no other process does, until something breaks.
async fn lead(state: &AppState) -> Result<()> {
    let Some(mut leadership) = Leadership::acquire(&state.config.database_url).await? else {
        return Ok(());
    };
    let mut feed = Feed::connect(&state.config.redis_url, state.config.keys.clone()).await?;
    let mut listener = PgListener::connect_with(&state.pool).await?;
    listener.listen("link_changes").await?;
    tracing::info!("relay leads");
    metrics::gauge!("linkpulse_relay_is_leader").set(1.0);

    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let is_heartbeat = tokio::select! {
            _ = heartbeat.tick() => true,
            notification = listener.recv() => notification.map(|_| false)?,
        };
        if is_heartbeat {
            leadership.confirm().await?;
        }
        let head = db::head(&state.pool).await?;
        let mut published = feed.position(head.epoch, head.seq).await?;
        while published < head.seq {
            let changes = db::changes_after(&state.pool, published, BATCH).await?;
            let Some(last) = changes.last() else {
                return Err(Error::internal(format!(
                    "changes after {published} are missing from the log"
                )));
            };
            published = last.seq;
            for change in changes {
                feed.publish(head.epoch, &change).await?;
            }
        }
        metrics::gauge!("linkpulse_relay_published_seq").set(published as f64);
        if is_heartbeat {
            feed.heartbeat(&head).await?;
        }
    }
}
