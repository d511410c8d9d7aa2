//! Redirects, told apart by domain: `linkpulse_domain_redirects_total{domain}`.
//!
//! Names become labels that live as long as the process, so there is a bound to them. Only domains
//! of links that exist count, never what a visitor writes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use metrics::{Counter, counter};

/// Domains with a counter of their own. Further ones share one.
const MAX_DOMAINS: usize = 100;

/// The label of what further ones share. No domain: a domain has no blank.
const OTHERS: &str = "all others";

/// The counters that were given out.
#[derive(Default)]
pub(crate) struct DomainCounters {
    /// By domain. Asked when a link comes into memory, not when it redirects.
    known: Mutex<HashMap<Box<str>, Counter>>,
}

impl DomainCounters {
    /// The counter of a domain's redirects.
    pub(crate) fn of(&self, domain: &str) -> Counter {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = known.get(domain) {
            return counter.clone();
        }
        let label = match known.len() < MAX_DOMAINS {
            true => domain,
            false => OTHERS,
        };
        let counter = counter!("linkpulse_domain_redirects_total", "domain" => label.to_owned());
        if label == domain {
            known.insert(domain.into(), counter.clone());
        }
        counter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_domains_are_remembered_than_there_may_be() {
        let counters = DomainCounters::default();
        for number in 0..1_000 {
            let _counter = counters.of(&format!("{number}.example.com"));
        }
        let _counter = counters.of("0.example.com");
        assert_eq!(counters.known.lock().unwrap().len(), MAX_DOMAINS);
    }
}
