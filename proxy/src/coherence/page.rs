//! The control plane as the feed, when Redis or the relay is away.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::freshness::Moment;
use super::ledger::Ledger;
use super::trouble::Trouble;
use crate::control_plane::ControlPlane;

/// How often it is looked whether the control plane must be asked.
const LOOK: Duration = Duration::from_millis(250);

/// Between two questions. All proxies ask while there is no relay, so it is not shorter than the
/// 2 s for an edit require.
const PAUSE: Duration = Duration::from_millis(700);

/// Asks until `stopping`, whenever the other ways bring nothing.
pub(super) async fn ask(
    ledger: Arc<Ledger>,
    control_plane: ControlPlane,
    stopping: impl Future<Output = ()>,
) -> Result<(), std::convert::Infallible> {
    let mut stopping = pin!(stopping);
    let what = "cannot ask the control plane for changes";
    let mut trouble = Trouble::with(what, ledger.readiness.clone());
    let mut pause = Duration::ZERO;
    loop {
        tokio::select! {
            () = &mut stopping => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
        let age = ledger.freshness.age(ledger.clock.now());
        ledger.metrics.feed_heartbeat_age.set(age.as_secs_f64());
        let is_needed = tokio::select! {
            () = &mut stopping => return Ok(()),
            is_needed = ask_on(&ledger, &control_plane, &mut trouble) => is_needed,
        };
        pause = if is_needed { PAUSE } else { LOOK };
    }
}

/// Asks for all that is missing. Returns whether it was necessary.
async fn ask_on(ledger: &Ledger, control_plane: &ControlPlane, trouble: &mut Trouble) -> bool {
    let mut is_needed = false;
    while let Some(errand) = ledger.page_errand() {
        is_needed = true;
        ledger.metrics.feed_polls.increment(1);
        let asked = Moment::now(&*ledger.clock);
        match control_plane.changes(errand.after).await {
            Ok(page) => {
                trouble.is_over();
                if !ledger.on_page(errand, page, asked) {
                    break;
                }
            }
            Err(error) => {
                trouble.report(&error);
                ledger.on_no_page();
                break;
            }
        }
    }
    is_needed
}
