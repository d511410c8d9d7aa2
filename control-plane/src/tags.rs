//! How many links have each tag.
//!
//! Whoever writes links adds to a list of changes, and waits for nobody. Here the changes are added up.

use std::time::Duration;

use crate::db;
use crate::error::Result;
use crate::state::AppState;

/// How often. The list of tags is behind by so much.
const INTERVAL: Duration = Duration::from_secs(1);

/// Adds up until the stop.
pub(crate) async fn add_up(state: AppState, stopping: impl Future<Output = ()>) -> Result<()> {
    tokio::pin!(stopping);
    loop {
        let wait = match db::add_up_tags(&state.pool).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => INTERVAL,
            Err(error) => {
                tracing::warn!(%error, "the list of tags is out of date for now");
                INTERVAL
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}
