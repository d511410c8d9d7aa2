use std::time::Duration;

use super::collect::collect;
use super::send::send;
use crate::error::{Error, Result};
use crate::state::AppState;

/// How often there is a look at what happened.
const INTERVAL: Duration = Duration::from_millis(500);

/// Tells programs of links, until it is stopped.
///
/// # Errors
/// Never: what fails is tried again.
pub async fn run(state: AppState, stopping: impl Future<Output = ()>) -> Result<(), Error> {
    tokio::pin!(stopping);
    loop {
        // Not abandoned half way: a transaction that is cancelled may stay open.
        let more = turn(&state).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "webhooks wait");
            false
        });
        let pause = if more { Duration::ZERO } else { INTERVAL };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}

async fn turn(state: &AppState) -> Result<bool> {
    let collected = collect(state).await?;
    let sent = send(state).await?;
    Ok(collected || sent)
}
