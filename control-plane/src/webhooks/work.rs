use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::collect::{collect, collect_clicks};
use super::send::send;
use crate::error::{Error, Result};
use crate::state::AppState;

/// How often there is a look at what happened.
const INTERVAL: Duration = Duration::from_millis(500);

/// How often there is a look at clicks. They are counted every two seconds.
const CLICKS_INTERVAL: Duration = Duration::from_secs(2);

/// Tells programs of links, until it is stopped. What happened is written down beside the sending, so
/// that no receiver keeps it waiting.
///
/// # Errors
/// Never: what fails is tried again.
pub async fn run(state: AppState, stopping: impl Future<Output = ()>) -> Result<(), Error> {
    let (stop, stopped) = watch::channel(false);
    let until = |mut stopped: watch::Receiver<bool>| async move {
        drop(stopped.wait_for(|stopped| *stopped).await);
    };
    tokio::join!(
        async {
            stopping.await;
            stop.send_replace(true);
        },
        write_down(&state, until(stopped.clone())),
        send(&state, until(stopped)),
    );
    Ok(())
}

async fn write_down(state: &AppState, stopping: impl Future<Output = ()>) {
    tokio::pin!(stopping);
    let mut clicks_looked_at: Option<Instant> = None;
    loop {
        // Not abandoned half way: a transaction that is cancelled may stay open.
        let mut more = or_later(collect(state).await);
        if clicks_looked_at.is_none_or(|at| at.elapsed() >= CLICKS_INTERVAL) {
            let more_clicks = or_later(collect_clicks(state).await);
            clicks_looked_at = (!more_clicks).then(Instant::now);
            more |= more_clicks;
        }
        let pause = if more { Duration::ZERO } else { INTERVAL };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = &mut stopping => return,
        }
    }
}

/// Whether there is more to write down. What failed is tried again later.
fn or_later(more: Result<bool>) -> bool {
    more.unwrap_or_else(|error| {
        tracing::warn!(%error, "webhooks wait");
        false
    })
}
