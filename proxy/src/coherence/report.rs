//! Tells the control plane how far this proxy has got.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use contract::report::REPORT_INTERVAL;
use contract::{ProxyReport, Timestamp};
use tokio::sync::watch;
use uuid::Uuid;

use super::standing::Standing;
use crate::control_plane::ControlPlane;

/// Between two reports while changes pour in.
const PAUSE: Duration = Duration::from_millis(20);

/// A stop does not wait longer for somebody to hear of it.
const GOODBYE: Duration = Duration::from_millis(300);

/// Who reports.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// What people call this proxy.
    pub(crate) name: String,
    /// When it started.
    pub(crate) started_at: Timestamp,
    /// How long it serves links without news.
    pub(crate) max_stale: Duration,
}

/// Reports once a second, and after a change at once, until `stopping`; then says goodbye.
pub(super) async fn report(
    identity: Identity,
    control_plane: ControlPlane,
    mut standing: watch::Receiver<Standing>,
    stopping: impl Future<Output = ()>,
) -> Result<(), std::convert::Infallible> {
    let mut stopping = pin!(stopping);
    let id = Uuid::new_v4();
    let mut is_troubled = false;
    loop {
        let (epoch, applied) = progress(&standing.borrow_and_update());
        let report = ProxyReport {
            id,
            name: identity.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: identity.started_at,
            epoch,
            applied,
            max_stale_seconds: identity.max_stale.as_secs(),
        };
        let sent = tokio::select! {
            () = &mut stopping => break,
            sent = control_plane.report(&report) => sent,
        };
        if let Err(error) = &sent
            && !is_troubled
        {
            tracing::warn!(%error, "cannot report to the control plane");
        }
        is_troubled = sent.is_err();
        let news = async {
            tokio::time::sleep(PAUSE).await;
            if is_troubled {
                std::future::pending::<()>().await;
            }
            let is_new = |now: &Standing| progress(now) != (epoch, applied);
            if standing.wait_for(is_new).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = &mut stopping => break,
            () = news => {}
            () = tokio::time::sleep(REPORT_INTERVAL) => {}
        }
    }
    let goodbye = tokio::time::timeout(GOODBYE, control_plane.goodbye(id)).await;
    if !matches!(goodbye, Ok(Ok(()))) {
        tracing::info!(
            name = identity.name,
            "the control plane will miss this proxy"
        );
    }
    Ok(())
}

fn progress(standing: &Standing) -> (Option<Uuid>, u64) {
    (standing.epoch, standing.applied)
}
