//! Processor time per redirect.
//!
//! Each server has one core to itself and as many requests as it can take. What it spends is read
//! from the kernel, so that time in which it waited for the clients does not count.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::pair::{Pair, SHORT_ENOUGH, Side};
use crate::generator::{HeadKind, Until};
use crate::machine::{CpuTime, cpu_time};
use crate::report::{Destination, Spread, Table, spread};
use crate::servers::{Nginx, Workers, Wrapper};
use crate::variant::Variant;

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many links
    #[arg(long, default_value_t = 100_000)]
    links: usize,
    /// Kinds of links
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Variant::value_variants().to_vec())]
    variants: Vec<Variant>,
    /// What clients send
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [HeadKind::Short, HeadKind::Browser])]
    heads: Vec<HeadKind>,
    /// Clients, each with a connection
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Measurements of each server, in alternation
    #[arg(long, default_value_t = 6)]
    rounds: usize,
    /// Length of a measurement
    #[arg(long, default_value_t = SHORT_ENOUGH)]
    seconds: u64,
}

/// One measurement.
#[derive(Debug, Clone, Serialize)]
struct Sample {
    side: Side,
    redirects: u64,
    seconds: f64,
    cpu: CpuTime,
    reconnects: u64,
}

impl Sample {
    /// Microseconds for each redirect.
    fn per_redirect(&self, seconds: f64) -> f64 {
        seconds * 1e6 / self.redirects as f64
    }

    /// Part of the core that was in use.
    fn core_use(&self) -> f64 {
        self.cpu.total() / self.seconds
    }
}

/// A proxy's measurement and the one of nginx next to it.
#[derive(Debug, Serialize)]
struct Round {
    proxy: Sample,
    nginx: Sample,
}

/// All measurements of one kind.
#[derive(Debug, Serialize)]
struct Case {
    variant: Variant,
    head: HeadKind,
    rounds: Vec<Round>,
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments, destination: &Destination) -> anyhow::Result<()> {
    let mut cases = Vec::new();
    for &variant in &arguments.variants {
        let wrapper = Wrapper::new();
        let mut pair = Pair::start(arguments.links, variant, Workers::One, &wrapper)?;
        pair.warm(arguments.clients)?;
        for &head in &arguments.heads {
            let rounds = measure(&mut pair, arguments, head)?;
            cases.push(Case {
                variant,
                head,
                rounds,
            });
        }
        pair.proxy.stop()?;
        pair.nginx.stop()?;
    }
    destination.write("redirects", &text(&cases, arguments)?, &cases)
}

fn measure(pair: &mut Pair, arguments: &Arguments, head: HeadKind) -> anyhow::Result<Vec<Round>> {
    // Once without looking: after a start, memory is touched for the first time.
    for side in Side::order(0) {
        sample(pair, arguments, head, side, 0)?;
    }
    let mut rounds = Vec::new();
    for round in 0..arguments.rounds {
        let seed = round as u64 + 1;
        let [first, second] = Side::order(round);
        let first = sample(pair, arguments, head, first, seed)?;
        let second = sample(pair, arguments, head, second, seed)?;
        rounds.push(match first.side {
            Side::Proxy => Round {
                proxy: first,
                nginx: second,
            },
            Side::Nginx => Round {
                proxy: second,
                nginx: first,
            },
        });
    }
    Ok(rounds)
}

fn sample(
    pair: &mut Pair,
    arguments: &Arguments,
    head: HeadKind,
    side: Side,
    seed: u64,
) -> anyhow::Result<Sample> {
    let pid = pair.pid(side);
    let before = cpu_time(pid)?;
    let until = Until::Elapsed(Duration::from_secs(arguments.seconds));
    let tally = pair.saturate(side, arguments.clients, head, until, seed)?;
    let cpu = cpu_time(pid)? - before;
    if side == Side::Proxy {
        pair.store.take_clicks()?;
    }
    let sample = Sample {
        side,
        redirects: tally.answers,
        seconds: tally.elapsed.as_secs_f64(),
        cpu,
        reconnects: tally.reconnects,
    };
    eprintln!(
        "  {side:?}: {:.0} redirects/s, {:.2} µs each",
        sample.redirects as f64 / sample.seconds,
        sample.per_redirect(cpu.total())
    );
    Ok(sample)
}

impl Case {
    fn spread(&self, of: impl Fn(&Round) -> f64) -> Spread {
        spread(self.rounds.iter().map(of))
    }
}

fn text(cases: &[Case], arguments: &Arguments) -> anyhow::Result<String> {
    let mut ratios = Table::new(&["links, requests", "proxy ÷ nginx", "user", "kernel"]);
    let mut times = Table::new(&[
        "links, requests",
        "proxy",
        "user",
        "kernel",
        "nginx",
        "user",
        "kernel",
        "core in use",
    ]);
    for case in cases {
        let name = format!("{}, {}", case.variant.name(), case.head.name());
        let ratio = |of: fn(CpuTime) -> f64| {
            let ratio = case.spread(|Round { proxy, nginx }| {
                proxy.per_redirect(of(proxy.cpu)) / nginx.per_redirect(of(nginx.cpu))
            });
            ratio.text(2)
        };
        let parts: [fn(CpuTime) -> f64; 3] = [CpuTime::total, |cpu| cpu.user, |cpu| cpu.system];
        ratios.row([name.clone()].into_iter().chain(parts.map(ratio)));
        let time = |of: &dyn Fn(&Round) -> f64, decimals| {
            let Spread { median, .. } = case.spread(of);
            format!("{median:.decimals$}")
        };
        let proxy = parts.map(|of| time(&|round| round.proxy.per_redirect(of(round.proxy.cpu)), 2));
        let nginx = parts.map(|of| time(&|round| round.nginx.per_redirect(of(round.nginx.cpu)), 2));
        let use_of = |side: fn(&Round) -> &Sample| {
            let Spread { lowest, .. } = case.spread(|round| side(round).core_use());
            format!("{:.0}", 100.0 * lowest)
        };
        let [proxy_use, nginx_use] = [use_of(|round| &round.proxy), use_of(|round| &round.nginx)];
        let in_use = [format!("{proxy_use} %, {nginx_use} %")];
        let cells = [name].into_iter().chain(proxy).chain(nginx).chain(in_use);
        times.row(cells);
    }
    let Arguments {
        links,
        clients,
        rounds,
        seconds,
        ..
    } = arguments;
    let nginx = Nginx::version()?;
    Ok(format!(
        "# Processor time per redirect

Server time, user and kernel, divided by redirects. One core for the server, {links} random codes,
{clients} keep-alive connections that end after 1,000 requests. The proxy hashes the visitor, records
a click for each redirect and sends it to Redis; {nginx} has a `map` of the same codes and
`return 302`, and records nothing. Every answer is checked. {rounds} measurements of {seconds} s for each server, in
alternation; ratios are taken within a round: median (lowest–highest).

{ratios}
Microseconds per redirect, medians; and how much of its core each used at least (much below 100 %,
the clients were too slow to keep it busy).

{times}"
    ))
}
