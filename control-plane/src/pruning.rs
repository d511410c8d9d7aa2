//! Forgetting what nobody will ask for again: all of it, in one place.
//!
//! | table | a row goes |
//! |---|---|
//! | `sessions` | when the sign-in has run out |
//! | `idempotency_keys` | 24 hours after the request |
//! | `webhook_messages` | 30 days after it was written down, whatever became of it |
//! | `invitations` | 30 days after it has expired |
//! | `imports` | 90 days after it was finished |
//! | `webhooks.old_secret` | when its overlap is over |
//! | `page_jobs` | at once, where pages are not read |
//!
//! Each process does it, in small steps, so that nobody waits for it, and two at the same time do no
//! harm. What has to go by a certain hour is not left to this: see [`visitor_keys`](crate::visitor_keys).

use std::time::Duration;

use crate::db::{self, Outdated};
use crate::error::Result;
use crate::state::AppState;

/// How often it is done.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Rows of one statement.
const STEP: i64 = 1_000;

/// Between two rounds while there is more, so that this is never what the database has most to do
/// with.
const PAUSE: Duration = Duration::from_millis(50);

/// Forgets until the stop.
pub(crate) async fn work(state: AppState, stopping: impl Future<Output = ()>) -> Result<()> {
    tokio::pin!(stopping);
    loop {
        let pause = match round(&state).await {
            true => PAUSE,
            false => INTERVAL,
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}

/// A step of each kind; true when there is more.
async fn round(state: &AppState) -> bool {
    let mut is_more = false;
    for what in Outdated::ALL {
        match db::delete_outdated(&state.pool, what, state.now(), STEP).await {
            Ok(count) => {
                tracing::debug!(count, ?what, "forgot what was out of date");
                is_more |= count >= STEP.unsigned_abs();
            }
            Err(error) => tracing::warn!(%error, ?what, "what is out of date stays for now"),
        }
    }
    match db::delete_old_secrets(&state.pool, state.now()).await {
        Ok(count) => tracing::debug!(count, "forgot old secrets of webhooks"),
        Err(error) => tracing::warn!(%error, "old secrets of webhooks stay for now"),
    }
    if !state.config.unfurl {
        match db::delete_page_jobs(&state.pool).await {
            Ok(count) => tracing::debug!(count, "forgot pages that nobody is to read"),
            Err(error) => tracing::warn!(%error, "pages that nobody is to read stay for now"),
        }
    }
    is_more
}
