//! New links in the indexes that searches read.
//!
//! PostgreSQL collects what is new for such an index (GIN) in a list, and works it in when the list is
//! long. Whoever makes the link that is one too many waits for that, half a second, and everybody who
//! comes after; and until then each search reads the whole list. So here it is done all the time, in
//! small pieces, beside.

use std::time::Duration;

use crate::db;
use crate::error::Result;
use crate::state::AppState;

/// How often. A second of 300 new links each is 40 ms of work.
const INTERVAL: Duration = Duration::from_secs(1);

/// Works in what is new until the stop.
pub(crate) async fn tend(state: AppState, stopping: impl Future<Output = ()>) -> Result<()> {
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = &mut stopping => return Ok(()),
        }
        if let Err(error) = db::work_in_new_links(&state.pool).await {
            tracing::warn!(%error, "searches and new links take longer for now");
        }
    }
}
