//! The life of the keys that visitors are hashed under, one for each UTC day.
//!
//! A key is made when a proxy asks for it, at the earliest [`AHEAD`] of its day, and destroyed
//! [`KEPT`] after its day: it exists for 37 hours at most. 48 are promised, so there are 11 hours in
//! which no control plane needs to run.

use std::time::Duration;

use contract::{Day, DayKey, DayKeys, Timestamp};
use rand::RngExt;
use sqlx::PgPool;

use crate::db;
use crate::error::Result;
use crate::state::AppState;

/// How long before its day a key may be made. Proxies that have it do not need a control plane at
/// midnight.
const AHEAD: Duration = Duration::from_secs(12 * 3600);

/// How long after its day a key is kept, for clocks that differ.
const KEPT: Duration = Duration::from_secs(3600);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How often keys are looked for that are to be destroyed.
const DESTROY_INTERVAL: Duration = Duration::from_secs(60);

const _: () = assert!(AHEAD.as_secs() + DAY.as_secs() + KEPT.as_secs() < 48 * 3600);

/// The keys of today and, in time, of tomorrow: the same for everybody who asks, at whichever
/// control plane.
pub async fn current(pool: &PgPool, now: Timestamp) -> Result<DayKeys> {
    let today = Day::of(now);
    let last = Day::of(moved(now, AHEAD, 1));
    let days = if last > today { 2 } else { 1 };
    let mut keys = db::visitor_keys(pool, today..=last).await?;
    if keys.len() < days {
        let new = [today, last].map(|day| DayKey {
            day,
            key: rand::rng().random(),
        });
        db::insert_missing_visitor_keys(pool, &new[..days]).await?;
        keys = db::visitor_keys(pool, today..=last).await?;
    }
    Ok(DayKeys { keys })
}

/// Destroys the keys whose time has come, and returns how many.
pub async fn destroy_old(pool: &PgPool, now: Timestamp) -> Result<u64> {
    db::delete_visitor_keys_before(pool, Day::of(moved(now, KEPT, -1))).await
}

/// Destroys keys when their time comes, until the stop.
pub(crate) async fn destroy_regularly(
    state: AppState,
    stopping: impl Future<Output = ()>,
) -> Result<()> {
    tokio::pin!(stopping);
    loop {
        match destroy_old(&state.pool, state.timestamp()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "visitor keys of past days destroyed"),
            Err(error) => tracing::warn!(%error, "visitor keys of past days stay for now"),
        }
        tokio::select! {
            () = tokio::time::sleep(DESTROY_INTERVAL) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}

fn moved(moment: Timestamp, by: Duration, direction: i64) -> Timestamp {
    Timestamp::from_micros(moment.as_micros() + direction * by.as_micros() as i64)
}
