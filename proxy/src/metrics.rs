//! What the proxy counts. The handles are made once: looking one up by name costs more than a
//! redirect's decision.

use std::time::Instant;

use metrics::{Counter, Gauge, counter, gauge};
use spool::Outbox;

use crate::latency::Latency;

/// All of them.
pub(crate) struct Metrics {
    /// How long visitors wait.
    pub(crate) latency: Latency,
    /// `linkpulse_redirects_total{outcome}`: answers to requests for links.
    pub(crate) redirects: Outcomes,
    /// `linkpulse_cache_hits_total`: answered from memory.
    pub(crate) cache_hits: Counter,
    /// `linkpulse_cache_misses_total`: Redis or the control plane had to be asked.
    pub(crate) cache_misses: Counter,
    /// `linkpulse_cache_negative_hits_total`: known from memory not to exist.
    pub(crate) cache_negative_hits: Counter,
    /// `linkpulse_clicks_recorded_total`: clicks put into the spool.
    pub(crate) clicks_recorded: Counter,
    /// `linkpulse_clicks_tallied_total`: clicks for which the spool had no room, so that only their
    /// link's number of that minute is left.
    pub(crate) clicks_tallied: Counter,
    /// `linkpulse_clicks_dropped_total`: hits of which only their number is left, or not even that.
    pub(crate) clicks_dropped: Counter,
    /// What is in the spool.
    pub(crate) spool: SpoolFigures,
    /// `linkpulse_blocks_sent_total`: blocks that Redis has confirmed.
    pub(crate) blocks_sent: Counter,
    /// `linkpulse_blocks_resent_total`: further attempts after an error or a lost reply.
    pub(crate) blocks_resent: Counter,
    /// `linkpulse_blocks_missed_total`: blocks that Redis had confirmed and no longer had, or whose
    /// acknowledgement was lost; sent again.
    pub(crate) blocks_missed: Counter,
    /// `linkpulse_blocks_acknowledged_total`: blocks that the pipeline has committed.
    pub(crate) blocks_acknowledged: Counter,
    /// `linkpulse_feed_heartbeat_age_seconds`: how long ago this proxy last knew that it has all
    /// changes. Infinite until it first did.
    pub(crate) feed_heartbeat_age: Gauge,
    /// `linkpulse_feed_lag`: changes that are known of and not in effect here yet.
    pub(crate) feed_lag: Gauge,
    /// `linkpulse_feed_applied_seq`: the last change that is in effect here.
    pub(crate) feed_applied_seq: Gauge,
    /// `linkpulse_feed_catch_ups_total`: reads of the change log, after a gap or silence.
    pub(crate) feed_catch_ups: Counter,
    /// `linkpulse_feed_polls_total`: times that the control plane was asked for changes, because
    /// Redis or the relay was silent.
    pub(crate) feed_polls: Counter,
    /// `linkpulse_cache_generations_total`: times that all cached links became void.
    pub(crate) cache_generations: Counter,
}

/// `linkpulse_redirects_total`, one counter for each value of `outcome`.
pub(crate) struct Outcomes {
    /// Sent on.
    pub(crate) redirected: Counter,
    /// 410.
    pub(crate) gone: Counter,
    /// 404.
    pub(crate) not_found: Counter,
    /// 503: no source could be asked.
    pub(crate) unavailable: Counter,
    /// 451.
    pub(crate) blocked: Counter,
    /// Asked for the link's password.
    pub(crate) password: Counter,
    /// Shown where the link leads, or a chat what to show.
    pub(crate) preview: Counter,
    /// 429: too many look-ups for one client.
    pub(crate) limited: Counter,
    /// 500: the stored target cannot be sent.
    pub(crate) broken: Counter,
}

/// Gauges of the spool, and what it could not read.
pub(crate) struct SpoolFigures {
    /// `linkpulse_spool_bytes`: on disk.
    bytes: Gauge,
    /// `linkpulse_spool_segments`: files.
    segments: Gauge,
    /// `linkpulse_spool_blocks_on_the_way`: confirmed by Redis, not committed yet.
    on_the_way: Gauge,
    /// `linkpulse_spool_oldest_on_the_way_seconds`: how long the oldest of them has waited.
    oldest: Gauge,
    /// `linkpulse_spool_damaged_total{what}`: blocks, and segments or the rest of one, that cannot
    /// be read.
    damaged_blocks: Counter,
    damaged_segments: Counter,
}

impl SpoolFigures {
    fn new() -> Self {
        let damaged =
            |what: &'static str| counter!("linkpulse_spool_damaged_total", "what" => what);
        Self {
            bytes: gauge!("linkpulse_spool_bytes"),
            segments: gauge!("linkpulse_spool_segments"),
            on_the_way: gauge!("linkpulse_spool_blocks_on_the_way"),
            oldest: gauge!("linkpulse_spool_oldest_on_the_way_seconds"),
            damaged_blocks: damaged("block"),
            damaged_segments: damaged("segment"),
        }
    }

    /// Shows how things are now.
    pub(crate) fn show(&self, outbox: &Outbox, on_the_way: usize, oldest: Option<Instant>) {
        self.bytes.set(outbox.bytes() as f64);
        self.segments.set(outbox.segments() as f64);
        self.on_the_way.set(on_the_way as f64);
        let waited = oldest.map_or(0.0, |since| since.elapsed().as_secs_f64());
        self.oldest.set(waited);
        let losses = outbox.losses();
        self.damaged_blocks.absolute(losses.blocks);
        self.damaged_segments.absolute(losses.segments);
    }
}

impl Metrics {
    /// Registers all of them, so that each is exported from the start.
    pub(crate) fn new() -> Self {
        let outcome =
            |outcome: &'static str| counter!("linkpulse_redirects_total", "outcome" => outcome);
        Self {
            latency: Latency::new(),
            redirects: Outcomes {
                redirected: outcome("redirected"),
                gone: outcome("gone"),
                not_found: outcome("not_found"),
                unavailable: outcome("unavailable"),
                blocked: outcome("blocked"),
                password: outcome("password"),
                preview: outcome("preview"),
                limited: outcome("limited"),
                broken: outcome("broken"),
            },
            cache_hits: counter!("linkpulse_cache_hits_total"),
            cache_misses: counter!("linkpulse_cache_misses_total"),
            cache_negative_hits: counter!("linkpulse_cache_negative_hits_total"),
            clicks_recorded: counter!("linkpulse_clicks_recorded_total"),
            clicks_tallied: counter!("linkpulse_clicks_tallied_total"),
            clicks_dropped: counter!("linkpulse_clicks_dropped_total"),
            spool: SpoolFigures::new(),
            blocks_sent: counter!("linkpulse_blocks_sent_total"),
            blocks_resent: counter!("linkpulse_blocks_resent_total"),
            blocks_missed: counter!("linkpulse_blocks_missed_total"),
            blocks_acknowledged: counter!("linkpulse_blocks_acknowledged_total"),
            feed_heartbeat_age: gauge!("linkpulse_feed_heartbeat_age_seconds"),
            feed_lag: gauge!("linkpulse_feed_lag"),
            feed_applied_seq: gauge!("linkpulse_feed_applied_seq"),
            feed_catch_ups: counter!("linkpulse_feed_catch_ups_total"),
            feed_polls: counter!("linkpulse_feed_polls_total"),
            cache_generations: counter!("linkpulse_cache_generations_total"),
        }
    }
}
