//! How many connections there may be.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{Counter, Gauge, counter, gauge};

/// The limits, as set.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Connections in total: `LINKPULSE_MAX_CONNECTIONS`.
    pub total: usize,
    /// Connections of one client: `LINKPULSE_MAX_CONNECTIONS_PER_ADDRESS`.
    pub per_address: usize,
}

/// Counts connections.
pub(crate) struct Limits(Arc<Inner>);

struct Inner {
    limits: ConnectionLimits,
    total: AtomicUsize,
    /// Connections of each client that has any. Locked once when a connection begins and once
    /// when it ends.
    by_client: Mutex<HashMap<IpAddr, usize>>,
    open: Gauge,
    refused: Counter,
}

/// The right to have a connection. Ends when dropped.
pub(crate) struct Slot {
    inner: Arc<Inner>,
    client: Option<IpAddr>,
}

impl Limits {
    /// No connections yet.
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        Self(Arc::new(Inner {
            limits,
            total: AtomicUsize::new(0),
            by_client: Mutex::default(),
            open: gauge!("linkpulse_connections"),
            refused: counter!("linkpulse_connections_refused_total"),
        }))
    }

    /// Room for one more connection, or `None`.
    pub(crate) fn admit(&self) -> Option<Slot> {
        let inner = &self.0;
        // A slot from here on, so that every way out gives back what was taken.
        let slot = Slot {
            inner: inner.clone(),
            client: None,
        };
        let before = inner.total.fetch_add(1, Ordering::Relaxed);
        inner.open.increment(1.0);
        if before >= inner.limits.total {
            slot.refuse();
            return None;
        }
        Some(slot)
    }
}

impl Slot {
    /// Counts the connection as refused; false, as it is not admitted.
    pub(crate) fn refuse(&self) -> bool {
        self.inner.refused.increment(1);
        false
    }

    /// Counts the connection as this client's; false if the client has too many.
    #[must_use]
    pub(crate) fn claim(&mut self, address: IpAddr) -> bool {
        let inner = &self.inner;
        let client = client_of(address);
        let mut by_client = inner
            .by_client
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = by_client.entry(client).or_default();
        if *count >= inner.limits.per_address {
            return self.refuse();
        }
        *count += 1;
        self.client = Some(client);
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.inner.total.fetch_sub(1, Ordering::Relaxed);
        self.inner.open.decrement(1.0);
        let Some(client) = self.client else { return };
        let mut by_client = self
            .inner
            .by_client
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_client.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                by_client.remove(&client);
            }
        }
    }
}

/// Who is behind an address. A household has 2⁶⁴ addresses of IPv6: the network counts.
pub(crate) fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(total: usize, per_address: usize) -> Limits {
        Limits::new(ConnectionLimits { total, per_address })
    }

    fn admit(limits: &Limits, address: &str) -> Option<Slot> {
        let mut slot = limits.admit()?;
        slot.claim(address.parse().unwrap()).then_some(slot)
    }

    #[test]
    fn one_client_cannot_take_all() {
        let limits = limits(10, 2);
        let first = admit(&limits, "203.0.113.1");
        let second = admit(&limits, "::ffff:203.0.113.1");
        assert!(first.is_some() && second.is_some());
        assert!(admit(&limits, "203.0.113.1").is_none());
        assert!(admit(&limits, "203.0.113.2").is_some());
        drop(first);
        assert!(admit(&limits, "203.0.113.1").is_some());
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let limits = limits(10, 1);
        let _one = admit(&limits, "2001:db8::1").unwrap();
        assert!(admit(&limits, "2001:db8::ffff:1").is_none());
        assert!(admit(&limits, "2001:db8:0:1::1").is_some());
    }

    #[test]
    fn refusals_give_everything_back() {
        let limits = limits(1, 1);
        let slot = admit(&limits, "203.0.113.1").unwrap();
        for _ in 0..5 {
            assert!(admit(&limits, "203.0.113.2").is_none());
        }
        drop(slot);
        assert!(admit(&limits, "203.0.113.2").is_some());
        assert!(limits.0.by_client.lock().unwrap().is_empty());
    }
}
