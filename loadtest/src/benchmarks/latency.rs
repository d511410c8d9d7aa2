//! Waiting time at half of what the slower of both can take.

use std::time::Duration;

use clap::Args;
use hdrhistogram::Histogram;
use serde::Serialize;

use super::pair::{Pair, SHORT_ENOUGH, Side};
use crate::generator::{Expect, HeadKind, Stop, Timed, Until, WINDOW};
use crate::machine::fine_timers;
use crate::report::{Destination, Spread, Table, quantile_millis, spread};
use crate::servers::{Nginx, Workers, Wrapper};
use crate::variant::Variant;

/// The quantiles that are shown.
const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many links
    #[arg(long, default_value_t = 100_000)]
    links: usize,
    /// What clients send
    #[arg(long, value_enum, default_value_t = HeadKind::Browser)]
    head: HeadKind,
    /// Clients, each with a connection
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Measurements of each server, in alternation
    #[arg(long, default_value_t = 12)]
    rounds: usize,
    /// Length of a measurement
    #[arg(long, default_value_t = SHORT_ENOUGH)]
    seconds: u64,
    /// Requests per second; half of the slower server's saturation when absent
    #[arg(long)]
    rate: Option<f64>,
}

/// Everything, for programs.
#[derive(Debug, Serialize)]
struct Raw {
    /// Redirects per second of the proxy and of nginx when they have nothing else to do.
    saturation: [f64; 2],
    rate: f64,
    rounds: Vec<[Latencies; 2]>,
}

/// Milliseconds, of one measurement.
#[derive(Debug, Serialize)]
struct Latencies {
    side: Side,
    requests: u64,
    p50: f64,
    p99: f64,
    /// The median of the 99th percentiles of all windows.
    typical_p99: f64,
    p999: f64,
    max: f64,
    /// By how much the generator was late, at the 99th percentile.
    delay_p99: f64,
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments, destination: &Destination) -> anyhow::Result<()> {
    let wrapper = Wrapper::new();
    let mut pair = Pair::start(arguments.links, Variant::Plain, Workers::One, &wrapper)?;
    fine_timers()?;
    pair.warm(arguments.clients)?;
    let saturation = [
        saturation(&mut pair, arguments, Side::Proxy)?,
        saturation(&mut pair, arguments, Side::Nginx)?,
    ];
    let half = saturation[0].min(saturation[1]) / 2.0;
    let rate = arguments.rate.unwrap_or(half);
    let mut rounds = Vec::new();
    let mut sums = [Timed::new()?, Timed::new()?];
    for round in 0..arguments.rounds {
        let seed = round as u64;
        let mut timed = Vec::new();
        for side in Side::order(round) {
            timed.push((side, measure(&mut pair, arguments, side, rate, seed)?));
        }
        timed.sort_by_key(|(side, _)| *side == Side::Nginx);
        for (sum, (_, timed)) in sums.iter_mut().zip(&timed) {
            sum.add(timed)?;
        }
        let [proxy, nginx] = [&timed[0], &timed[1]];
        rounds.push([Latencies::of(proxy), Latencies::of(nginx)]);
    }
    pair.proxy.stop()?;
    pair.nginx.stop()?;
    let raw = Raw {
        saturation,
        rate,
        rounds,
    };
    destination.write("latency", &text(&raw, &sums, arguments)?, &raw)
}

fn saturation(pair: &mut Pair, arguments: &Arguments, side: Side) -> anyhow::Result<f64> {
    let until = Until::Elapsed(Duration::from_secs(5));
    let tally = pair.saturate(side, arguments.clients, arguments.head, until, 1)?;
    if side == Side::Proxy {
        pair.store.take_clicks()?;
    }
    Ok(tally.answers as f64 / tally.elapsed.as_secs_f64())
}

fn measure(
    pair: &mut Pair,
    arguments: &Arguments,
    side: Side,
    rate: f64,
    seed: u64,
) -> anyhow::Result<Timed> {
    let before = pair.proxy.counts()?;
    let timed = {
        let mut crowd = pair.crowd(side, arguments.clients, arguments.head, Expect::Target)?;
        let length = Duration::from_secs(arguments.seconds);
        crowd.run_open(rate, Stop::After(length), seed)?
    };
    let redirects = match side {
        Side::Proxy => timed.latency.len(),
        Side::Nginx => 0,
    };
    pair.proxy.counts()?.check_hits(before, redirects)?;
    if side == Side::Proxy {
        pair.store.take_clicks()?;
    }
    eprintln!(
        "  {side:?}: p50 {:.3} ms, p99 {:.3} ms",
        quantile_millis(&timed.latency, 0.5),
        quantile_millis(&timed.latency, 0.99)
    );
    Ok(timed)
}

impl Latencies {
    fn of((side, timed): &(Side, Timed)) -> Self {
        let latency = |quantile| quantile_millis(&timed.latency, quantile);
        Self {
            side: *side,
            requests: timed.latency.len(),
            p50: latency(0.5),
            p99: latency(0.99),
            typical_p99: typical_p99(timed),
            p999: latency(0.999),
            max: latency(1.0),
            delay_p99: quantile_millis(&timed.delay, 0.99),
        }
    }
}

/// Milliseconds.
fn typical_p99(timed: &Timed) -> f64 {
    let millis = timed.windows.iter().map(|nanos| *nanos as f64 / 1e6);
    spread(millis).median
}

fn text(raw: &Raw, sums: &[Timed; 2], arguments: &Arguments) -> anyhow::Result<String> {
    let mut table = Table::new(&[
        "waiting time, ms",
        "proxy",
        "nginx",
        "proxy ÷ nginx, per round",
    ]);
    let [proxy, nginx] = sums;
    for (name, quantile) in QUANTILES {
        let of =
            |histogram: &Histogram<u64>| format!("{:.3}", quantile_millis(histogram, quantile));
        let in_round = |latencies: &Latencies| match name {
            "p50" => latencies.p50,
            "p99" => latencies.p99,
            _ => latencies.p999,
        };
        let ratios = raw
            .rounds
            .iter()
            .map(|[proxy, nginx]| in_round(proxy) / in_round(nginx));
        let ratio: Spread = spread(ratios);
        table.row([
            name.to_owned(),
            of(&proxy.latency),
            of(&nginx.latency),
            ratio.text(2),
        ]);
    }
    let ratios = raw
        .rounds
        .iter()
        .map(|[proxy, nginx]| proxy.typical_p99 / nginx.typical_p99);
    table.row([
        format!("p99 of a typical {} ms", WINDOW.as_millis()),
        format!("{:.3}", typical_p99(proxy)),
        format!("{:.3}", typical_p99(nginx)),
        spread(ratios).text(2),
    ]);
    let delay = |timed: &Timed| format!("{:.3}", quantile_millis(&timed.delay, 0.99));
    let late = "of it: sent late, p99".to_owned();
    table.row([late, delay(proxy), delay(nginx), String::new()]);
    let Raw {
        saturation, rate, ..
    } = raw;
    let Arguments {
        links,
        clients,
        rounds,
        seconds,
        head,
        ..
    } = arguments;
    Ok(format!(
        "# Waiting time at half of saturation

One core for the server, {links} random codes, {clients} keep-alive connections, a {head}. Alone and
without a pause between requests the proxy gives {:.0} redirects per second and {} gives {:.0}. At
{rate:.0} a second, {why}, requests arrive at random moments (a Poisson process,
the same for both) whether or not earlier ones were answered, and waiting counts from the moment a
request was due. {rounds} measurements of {seconds} s for each server, in alternation; times are of
all rounds together, ratios within a round: median (lowest–highest). A machine that stands still for some
milliseconds keeps hundreds of requests waiting, whoever serves them, and decides the p99 of a whole
measurement. So the p99 of each tenth of a second is taken too, and the median of those shown.

{table}",
        saturation[0],
        Nginx::version()?,
        saturation[1],
        head = head.name(),
        why = match arguments.rate {
            Some(_) => "as was asked for",
            None => "half of the lower number",
        },
    ))
}
