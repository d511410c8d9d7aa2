//! Memory per cached link, all in: what the process grows by.

use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use serde::Serialize;

use crate::generator::{Crowd, Expect, Head, HeadKind, Order, Until};
use crate::links::{DOMAIN, Links};
use crate::machine::{LOAD_CORE, pin_this_thread, resident_bytes};
use crate::report::{Destination, Table};
use crate::servers::{Backend, Place, Proxy, Store, Wrapper};
use crate::variant::Variant;

const SEED: u64 = 20_261_123;

/// For so many links, one more is asked for before the first look, so that what is needed once is
/// there: buffers of connections, of clicks, of the allocator.
const FIRST: usize = 50;

/// Time for what is still on its way: the last block of clicks, bookkeeping of the cache.
const SETTLE: Duration = Duration::from_secs(3);

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many links
    #[arg(long, default_value_t = 1_000_000)]
    links: usize,
    /// Kind of links
    #[arg(long, value_enum, default_value_t = Variant::Plain)]
    variant: Variant,
    /// Clients, each with a connection
    #[arg(long, default_value_t = 64)]
    clients: usize,
}

/// Everything, for programs.
#[derive(Debug, Serialize)]
struct Raw {
    links: usize,
    links_before: usize,
    variant: Variant,
    mean_target_length: usize,
    resident_before: u64,
    resident_after: u64,
    resident_after_hits: u64,
    bytes_per_link: f64,
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments, destination: &Destination) -> anyhow::Result<()> {
    pin_this_thread(LOAD_CORE)?;
    let count = arguments.links;
    let first = count.div_ceil(FIRST);
    let links = Links::make(first + count, arguments.variant, SEED)?;
    let backend = Backend::start(Place::Aside)?;
    let mut store = Store::open(&backend)?;
    store.put(links.iter())?;
    let mut proxy = Proxy::on_its_own_core(&backend, 2 * links.len(), Wrapper::new())?;
    let head = Head::new(HeadKind::Short, DOMAIN);
    let mut crowd = Crowd::connect(
        proxy.address,
        arguments.clients,
        &links,
        head,
        Expect::TargetAtLast,
    )?;

    let forever = Until::Elapsed(Duration::MAX);
    crowd.run_closed(Order::Each(0..first), forever)?;
    std::thread::sleep(SETTLE);
    let resident_before = resident_bytes(proxy.pid())?;
    crowd.run_closed(Order::Each(first..links.len()), forever)?;
    std::thread::sleep(SETTLE);
    let resident_after = resident_bytes(proxy.pid())?;
    store.take_clicks()?;

    // All of them are there, or the memory is that of fewer.
    let before = proxy.counts()?;
    let tally = crowd.run_closed(Order::Each(0..links.len()), forever)?;
    proxy.counts()?.check_hits(before, tally.answers)?;
    let resident_after_hits = resident_bytes(proxy.pid())?;
    ensure!(resident_after > resident_before, "the proxy did not grow");
    drop(crowd);
    proxy.stop()?;

    let raw = Raw {
        links: count,
        links_before: first,
        variant: arguments.variant,
        mean_target_length: links.mean_target_length(),
        resident_before,
        resident_after,
        resident_after_hits,
        bytes_per_link: (resident_after - resident_before) as f64 / count as f64,
    };
    destination.write("memory", &text(&raw), &raw)
}

fn text(raw: &Raw) -> String {
    let Raw {
        links,
        links_before,
        variant,
        mean_target_length,
        resident_before,
        resident_after,
        resident_after_hits,
        bytes_per_link,
    } = raw;
    let mebibytes = |bytes: &u64| format!("{:.1}", *bytes as f64 / 1024.0 / 1024.0);
    let mut table = Table::new(&["resident memory of the proxy", "MiB"]);
    table.row([
        format!("with {links_before} links"),
        mebibytes(resident_before),
    ]);
    table.row([format!("with {links} more"), mebibytes(resident_after)]);
    let name = "after a hit on each of them".to_owned();
    table.row([name, mebibytes(resident_after_hits)]);
    format!(
        "# Memory per cached link

{links} links ({}), codes of 8 characters, targets of {mean_target_length} bytes on average, each
looked up in Redis because a client asked for it. All in: the growth of the process, divided by the
links. Afterwards each of them is answered from memory.

**{bytes_per_link:.0} bytes per link**

{table}",
        variant.name(),
    )
}
