//! The proxy and nginx side by side, with the same links, each with a crowd of clients.

use std::time::Duration;

use serde::Serialize;

use crate::generator::{Crowd, Expect, Head, HeadKind, Order, Tally, Until};
use crate::links::{DOMAIN, Links};
use crate::machine::{LOAD_CORE, pin_this_thread};
use crate::servers::{Backend, Nginx, Place, Proxy, Store, Workers, Wrapper};
use crate::variant::Variant;

/// Of the links.
const SEED: u64 = 20_261_122;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Side {
    Proxy,
    Nginx,
}

impl Side {
    /// Both, in an order that changes from round to round: what drifts does so for both alike.
    pub(super) fn order(round: usize) -> [Self; 2] {
        if round.is_multiple_of(2) {
            [Self::Proxy, Self::Nginx]
        } else {
            [Self::Nginx, Self::Proxy]
        }
    }
}

/// Seconds of a measurement. Clicks are taken after it, and after 5 s a proxy begins to look for
/// those that nobody has taken: work that it does not have where a pipeline runs.
pub(super) const SHORT_ENOUGH: u64 = 4;

/// Servers that know the same links, and have answered for each of them once.
pub(super) struct Pair {
    pub(super) links: Links,
    pub(super) store: Store,
    pub(super) proxy: Proxy,
    pub(super) nginx: Nginx,
    _backend: Backend,
}

impl Pair {
    /// Starts both. From now on, this thread is on the load's core.
    pub(super) fn start(
        links: usize,
        variant: Variant,
        workers: Workers,
        wrapper: &Wrapper,
    ) -> anyhow::Result<Self> {
        pin_this_thread(LOAD_CORE)?;
        let links = Links::make(links, variant, SEED)?;
        let backend = Backend::start(Place::Aside)?;
        let mut store = Store::open(&backend)?;
        store.put(links.iter())?;
        // Twice the room, so that nothing is ever pushed out.
        let proxy = Proxy::on_its_own_core(&backend, 2 * links.len(), wrapper.clone())?;
        let nginx = Nginx::start(&links, workers, wrapper.clone())?;
        Ok(Self {
            links,
            store,
            proxy,
            nginx,
            _backend: backend,
        })
    }

    /// Clients of one side.
    pub(super) fn crowd(
        &self,
        side: Side,
        clients: usize,
        head: HeadKind,
        expect: Expect,
    ) -> anyhow::Result<Crowd<'_>> {
        let server = match side {
            Side::Proxy => self.proxy.address,
            Side::Nginx => self.nginx.address,
        };
        let head = Head::new(head, DOMAIN);
        Crowd::connect(server, clients, &self.links, head, expect)
    }

    /// The process of one side.
    pub(super) fn pid(&self, side: Side) -> u32 {
        match side {
            Side::Proxy => self.proxy.pid(),
            Side::Nginx => self.nginx.pid(),
        }
    }

    /// Asks both sides for each link once: the proxy has them in memory then.
    pub(super) fn warm(&mut self, clients: usize) -> anyhow::Result<()> {
        for side in Side::order(0) {
            let mut crowd = self.crowd(side, clients, HeadKind::Short, Expect::TargetAtLast)?;
            let all = Order::Each(0..self.links.len());
            let forever = Until::Elapsed(Duration::MAX);
            crowd.run_closed(all, forever)?;
        }
        Ok(())
    }

    /// Lets the clients of one side ask for random links, and checks that the proxy answered from
    /// memory and recorded each click.
    pub(super) fn saturate(
        &mut self,
        side: Side,
        clients: usize,
        head: HeadKind,
        until: Until,
        seed: u64,
    ) -> anyhow::Result<Tally> {
        let before = self.proxy.counts()?;
        let tally = {
            let mut crowd = self.crowd(side, clients, head, Expect::Target)?;
            crowd.run_closed(Order::random(seed), until)?
        };
        let redirects = match side {
            Side::Proxy => tally.answers,
            Side::Nginx => 0,
        };
        self.proxy.counts()?.check_hits(before, redirects)?;
        Ok(tally)
    }
}
