//! Finds links and the settings of domains: in memory, else through the sources.

use std::net::IpAddr;
use std::sync::Arc;

use contract::{DomainRecord, Record};

use crate::cache::{Cache, LinkKey, Lookup};
use crate::metrics::Metrics;
use crate::resolver::{Resolved, Resolver};

/// Where everything is that may be asked for.
pub(crate) struct Directory {
    pub(crate) cache: Arc<Cache>,
    pub(crate) resolver: Resolver,
    pub(crate) metrics: Arc<Metrics>,
}

impl Directory {
    /// The link behind a code. `key` holds the text of its key afterwards. `address` counts
    /// look-ups, and goes nowhere.
    pub(crate) async fn find(
        &self,
        domain: &str,
        code: &str,
        key: &mut String,
        address: Option<IpAddr>,
    ) -> Resolved {
        LinkKey::write(key, domain, code);
        let found = self.look_up(key);
        if matches!(found, Some(Resolved::Found(_))) {
            return found.unwrap_or(Resolved::Absent);
        }
        // Settings are asked for only when they could make a difference: a domain that ignores
        // case has its codes in lower case, so what was found is right anyway.
        if code.bytes().any(|byte| byte.is_ascii_uppercase())
            && let Some(settings) = self.domain(domain, address).await
            && settings.ignores_case
        {
            LinkKey::write(key, domain, &code.to_ascii_lowercase());
            return self.get(key, address).await;
        }
        match found {
            Some(found) => found,
            None => {
                self.resolver
                    .resolve(&LinkKey::from_text(key), address)
                    .await
            }
        }
    }

    /// A domain's settings; `None` if it has none, or nobody could be asked.
    pub(crate) async fn domain(
        &self,
        domain: &str,
        address: Option<IpAddr>,
    ) -> Option<DomainRecord> {
        let mut key = String::new();
        LinkKey::write(&mut key, domain, "");
        match self.get(&key, address).await {
            Resolved::Found(cached) => match &cached.record {
                Record::Domain(settings) => Some(settings.clone()),
                Record::Link(_) => None,
            },
            Resolved::Absent | Resolved::Limited(_) | Resolved::Unknown => None,
        }
    }

    async fn get(&self, key: &str, address: Option<IpAddr>) -> Resolved {
        match self.look_up(key) {
            Some(found) => found,
            None => {
                self.resolver
                    .resolve(&LinkKey::from_text(key), address)
                    .await
            }
        }
    }

    /// What memory says; `None` if nothing.
    fn look_up(&self, key: &str) -> Option<Resolved> {
        let (found, counter) = match self.cache.get(key) {
            Lookup::Hit(cached) => (Some(Resolved::Found(cached)), &self.metrics.cache_hits),
            Lookup::Absent => (Some(Resolved::Absent), &self.metrics.cache_negative_hits),
            Lookup::Miss => (None, &self.metrics.cache_misses),
        };
        counter.increment(1);
        found
    }
}
