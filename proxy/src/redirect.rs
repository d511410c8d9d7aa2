//! A request for a link, from its key to its answer.

use std::net::IpAddr;
use std::sync::Arc;

use contract::{Outcome, Visit, decide};

use crate::answer::Answer;
use crate::cache::{Cache, CachedLink, LinkKey, Lookup};
use crate::clicks::Recorder;
use crate::metrics::Metrics;
use crate::resolver::{Resolved, Resolver};
use crate::visit::{Fields, Visitor};

/// Answers requests for links.
pub(crate) struct Redirector {
    pub(crate) cache: Arc<Cache>,
    pub(crate) resolver: Resolver,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Redirector {
    /// The answer, by the text of the link's key. A click is recorded before this returns, so
    /// before the answer is written. `address` counts look-ups, and goes nowhere.
    pub(crate) async fn answer<F: Fields>(
        &self,
        key: &str,
        address: Option<IpAddr>,
        visitor: &Visitor<'_, F>,
    ) -> Answer {
        match self.find(key, address).await {
            Resolved::Found(link) => self.follow(link, key, visitor),
            Resolved::Absent => {
                self.metrics.redirects.not_found.increment(1);
                Answer::not_found()
            }
            Resolved::Limited(wait) => {
                self.metrics.redirects.limited.increment(1);
                Answer::too_many_misses(wait)
            }
            Resolved::Unknown => {
                self.metrics.redirects.unavailable.increment(1);
                Answer::unavailable()
            }
        }
    }

    async fn find(&self, key: &str, address: Option<IpAddr>) -> Resolved {
        match self.cache.get(key) {
            Lookup::Hit(link) => {
                self.metrics.cache_hits.increment(1);
                Resolved::Found(link)
            }
            Lookup::Absent => {
                self.metrics.cache_negative_hits.increment(1);
                Resolved::Absent
            }
            Lookup::Miss => {
                self.metrics.cache_misses.increment(1);
                let key = LinkKey::from_text(key);
                self.resolver.resolve(&key, address).await
            }
        }
    }

    fn follow<F: Fields>(
        &self,
        link: Arc<CachedLink>,
        key: &str,
        visitor: &Visitor<'_, F>,
    ) -> Answer {
        let visit = Visit {
            now: visitor.arrived_at,
            method: visitor.method,
        };
        let status = match decide(&link.record, &visit) {
            Outcome::Gone(_) => {
                self.metrics.redirects.gone.increment(1);
                return Answer::gone();
            }
            Outcome::Redirect { status, .. } => status,
        };
        let link_id = link.record.link_id;
        if !link.is_sendable {
            let request_id = visitor.request_id;
            tracing::error!(%request_id, link.id = %link_id, "a stored target cannot be a header");
            self.metrics.redirects.broken.increment(1);
            return Answer::broken_link();
        }
        visitor.with_click(key, link_id, status.as_u16(), |click| {
            self.recorder.record(click)
        });
        self.metrics.redirects.redirected.increment(1);
        Answer::redirect(status, link)
    }
}
