//! Ctrl-C and its relatives.

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What asks us to stop: Ctrl-C, `kill`, a terminal that is closed.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// From here on a signal ends nothing by itself.
    pub(crate) fn watch() -> anyhow::Result<Signals> {
        let watch = |kind| signal(kind).context("cannot watch for signals");
        Ok(Signals {
            interrupt: watch(SignalKind::interrupt())?,
            terminate: watch(SignalKind::terminate())?,
            hangup: watch(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
