//! A lasting failure is logged once, and explains why a proxy is not ready.

use service::Readiness;

use super::ledger::JOINED;

/// The troubles of one task.
pub(super) struct Trouble {
    what: &'static str,
    readiness: Readiness,
    is_known: bool,
}

impl Trouble {
    /// None yet. `what` cannot be done, when there is one.
    pub(super) fn with(what: &'static str, readiness: Readiness) -> Self {
        Self {
            what,
            readiness,
            is_known: false,
        }
    }

    /// It failed, perhaps again.
    pub(super) fn report(&mut self, error: &dyn std::fmt::Display) {
        let what = self.what;
        if !std::mem::replace(&mut self.is_known, true) {
            tracing::warn!(%error, "{what}");
        }
        if self.readiness.missing().contains_key(JOINED) {
            self.readiness.unmet(JOINED, format!("{what}: {error}"));
        }
    }

    /// It worked.
    pub(super) fn is_over(&mut self) {
        if std::mem::replace(&mut self.is_known, false) {
            tracing::info!("no longer: {}", self.what);
        }
    }
}
