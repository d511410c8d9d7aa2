//! What links are sorted by: their clicks, copied from the statistics, which may be in another
//! database.
//!
//! | table | writer | reader |
//! |---|---|---|
//! | `link_totals` | this job, in one process at a time; a trigger begins a row with each link | lists sorted by clicks |
//!
//! Each round takes the links that were clicked within the last hours, and the next few of all
//! links in turn. The first makes the order follow within seconds, the second finds what arrived
//! late, and what was erased. Totals are set, never added to, so a round may be repeated.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::db;
use crate::error::Result;
use crate::state::AppState;

/// How often a round begins.
const INTERVAL: Duration = Duration::from_secs(2);

/// Of all links, how many a round takes in turn: a million take half an hour.
const LINKS_PER_ROUND: i64 = 1_000;

/// How far back a round looks for clicks. Later ones wait for their link's turn.
const RECENT: time::Duration = time::Duration::hours(1);

/// Links that are set with one statement.
const LINKS_PER_STATEMENT: usize = 10_000;

/// How much older than the newest click that was seen another one may be, and still be new to us.
/// Blocks of several proxies arrive in any order.
const DISORDER: time::Duration = time::Duration::seconds(30);

/// Where the job has got to.
#[derive(Debug, Default)]
struct Progress {
    /// All links up to this one have had their turn.
    turn: Uuid,
    /// Up to here, clicks have been seen.
    seen: Option<OffsetDateTime>,
}

/// Copies until the stop.
pub(crate) async fn follow(state: AppState, stopping: impl Future<Output = ()>) -> Result<()> {
    let mut progress = Progress::default();
    tokio::pin!(stopping);
    loop {
        // First the pause: a process that starts has more urgent things to ask its database.
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = &mut stopping => return Ok(()),
        }
        if let Err(error) = round(&state, &mut progress).await {
            tracing::warn!(%error, "what links are sorted by stays as it is for now");
        }
    }
}

async fn round(state: &AppState, progress: &mut Progress) -> Result<()> {
    // Only its lock is wanted: what is written is written in pieces, for which others wait less long.
    let mut turn = db::begin(&state.pool).await?;
    // Another process is at it.
    if !db::try_lock_totals(&mut turn).await? {
        return Ok(());
    }
    let begin = state.now() - RECENT;
    let since = progress.seen.map_or(begin, |seen| seen.max(begin));
    let recent = db::clicked_since(&state.analytics, since - DISORDER).await?;
    let next = db::links_after(&mut turn, progress.turn, LINKS_PER_ROUND).await?;
    let mut ids: Vec<Uuid> = recent.iter().map(|(id, _)| *id).collect();
    ids.extend(&next);
    ids.sort_unstable();
    ids.dedup();
    for piece in ids.chunks(LINKS_PER_STATEMENT) {
        let totals = db::link_totals(&state.analytics, piece).await?;
        let mut connection = state.pool.acquire().await?;
        db::set_totals(&mut connection, piece, &totals).await?;
    }

    let newest = recent.iter().map(|(_, at)| *at).max();
    // A proxy whose clock is ahead must not make clicks of others old.
    progress.seen = newest.map(|at| at.min(state.now())).max(progress.seen);
    let is_through = (next.len() as i64) < LINKS_PER_ROUND;
    progress.turn = match next.last() {
        Some(last) if !is_through => *last,
        _ => Uuid::nil(),
    };
    Ok(())
}
