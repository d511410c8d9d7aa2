//! Redis' heartbeat and log: proof of being up to date, and what the subscription has lost.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::freshness::Moment;
use super::ledger::Ledger;
use super::trouble::Trouble;
use crate::redis_source::{ChangeLog, ReadError, Session};

/// As often as the relay writes a heartbeat.
const LOOK: Duration = Duration::from_millis(500);

/// Reads until `stopping`. Failures of Redis are waited out.
pub(super) async fn read(
    ledger: Arc<Ledger>,
    log: ChangeLog,
    stopping: impl Future<Output = ()>,
) -> Result<(), std::convert::Infallible> {
    let mut stopping = pin!(stopping);
    let mut trouble = Trouble::with("cannot read the log of changes", ledger.readiness.clone());
    let mut connections = log.sessions.watch();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let is_look = tokio::select! {
            () = &mut stopping => break,
            _ = look.tick() => true,
            _ = connections.changed() => true,
            () = ledger.log_wanted.notified() => false,
        };
        let Some(session) = log.sessions.current() else {
            continue;
        };
        match read_on(&ledger, &log, &session, is_look).await {
            Ok(()) => trouble.is_over(),
            Err(error) => trouble.report(&error),
        }
    }
    log.sessions.close();
    Ok(())
}

async fn read_on(
    ledger: &Ledger,
    log: &ChangeLog,
    session: &Session,
    is_look: bool,
) -> Result<(), ReadError> {
    if is_look {
        let asked = Moment::now(&*ledger.clock);
        let heartbeat = log.heartbeat(session).await?;
        ledger.on_stored_beat(&session.run_id, heartbeat, asked);
    }
    while let Some(errand) = ledger.log_errand(&session.run_id) {
        ledger.metrics.feed_catch_ups.increment(1);
        let entries = log.after(session, errand.after.unwrap_or(0)).await?;
        ledger.on_log(&session.run_id, errand, entries);
    }
    Ok(())
}
