//! What the proxy counts. The handles are made once: looking one up by name costs more than a
//! redirect's decision.

use metrics::{Counter, Gauge, counter, gauge};

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
    /// `linkpulse_clicks_recorded_total`: clicks put into a block.
    pub(crate) clicks_recorded: Counter,
    /// `linkpulse_clicks_dropped_total`: clicks lost, because the buffer was full or a stop came
    /// before Redis did.
    pub(crate) clicks_dropped: Counter,
    /// `linkpulse_blocks_sent_total`: blocks that Redis has confirmed.
    pub(crate) blocks_sent: Counter,
    /// `linkpulse_blocks_resent_total`: further attempts after an error or a lost reply.
    pub(crate) blocks_resent: Counter,
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
            clicks_dropped: counter!("linkpulse_clicks_dropped_total"),
            blocks_sent: counter!("linkpulse_blocks_sent_total"),
            blocks_resent: counter!("linkpulse_blocks_resent_total"),
            feed_heartbeat_age: gauge!("linkpulse_feed_heartbeat_age_seconds"),
            feed_lag: gauge!("linkpulse_feed_lag"),
            feed_applied_seq: gauge!("linkpulse_feed_applied_seq"),
            feed_catch_ups: counter!("linkpulse_feed_catch_ups_total"),
            feed_polls: counter!("linkpulse_feed_polls_total"),
            cache_generations: counter!("linkpulse_cache_generations_total"),
        }
    }
}
