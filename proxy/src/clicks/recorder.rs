use std::sync::Arc;

use contract::Click;
use spool::{Recorded, Writer};

use crate::metrics::Metrics;

/// Where clicks go in.
pub(crate) struct Recorder {
    pub(crate) spool: Arc<Writer>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Recorder {
    /// Keeps a click: when this returns, it survives the process, or is counted as dropped.
    pub(crate) fn record(&self, click: &Click<'_>) {
        match self.spool.record(click) {
            Recorded::Kept => self.metrics.clicks_recorded.increment(1),
            Recorded::Tallied => self.metrics.clicks_tallied.increment(1),
            Recorded::InGap | Recorded::Lost => self.metrics.clicks_dropped.increment(1),
        }
    }

    /// No click will come any more: seals what there is.
    pub(crate) fn close(&self) {
        self.spool.close();
    }
}
