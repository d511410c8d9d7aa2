//! Looks after the spool's files, so that nobody who records has to.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use spool::{SyncPolicy, Writer};

use crate::priority::let_visitors_go_first;

/// Segments lie ready again after this time at most. One of the default size takes 30,000 clicks.
const LOOK: Duration = Duration::from_millis(25);

/// After the disk has refused: it will not change its mind within milliseconds.
const PAUSE: Duration = Duration::from_secs(1);

/// Makes segments ready and writes to the disk, until `stopping`.
pub(crate) async fn keep(
    spool: Arc<Writer>,
    sync: SyncPolicy,
    stopping: impl Future<Output = ()>,
) -> Result<(), Infallible> {
    let mut stopping = pin!(stopping);
    let making = async {
        loop {
            let has_room =
                !spool.needs_spares() || run(&spool, "make room", Writer::make_spares).await;
            tokio::time::sleep(if has_room { LOOK } else { PAUSE }).await;
        }
    };
    let syncing = async {
        let SyncPolicy::Every(period) = sync else {
            return std::future::pending::<()>().await;
        };
        loop {
            let begin = Instant::now();
            run(&spool, "write to the disk", Writer::sync).await;
            tokio::time::sleep(period.saturating_sub(begin.elapsed())).await;
        }
    };
    tokio::select! {
        () = &mut stopping => {}
        () = making => {}
        () = syncing => {}
    }
    if matches!(sync, SyncPolicy::Every(_)) {
        run(&spool, "write to the disk", Writer::sync).await;
    }
    Ok(())
}

/// Whether it worked.
async fn run(
    spool: &Arc<Writer>,
    what: &str,
    work: impl FnOnce(&Writer) -> io::Result<()> + Send + 'static,
) -> bool {
    let spool = spool.clone();
    let working = move || {
        let_visitors_go_first();
        work(&spool)
    };
    match tokio::task::spawn_blocking(working).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "the spool cannot {what}");
            false
        }
        // The runtime is going down.
        Err(_) => false,
    }
}
