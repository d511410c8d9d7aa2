//! From a redirect to its click in the statistics, in the whole system under load.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use hdrhistogram::Histogram;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use crate::generator::{Crowd, Expect, Head, HeadKind, Stop};
use crate::links::{DOMAIN, Links};
use crate::report::{Destination, bars, quantile_millis};
use crate::servers::{ApiLink, Client, System};
use crate::variant::Variant;

const SEED: u64 = 20_261_126;

/// Visitors whose clicks are waited for, side by side.
const WATCHERS: usize = 4;

/// Between two looks at the statistics.
const LOOK: Duration = Duration::from_millis(10);

/// A click that takes longer than this is lost. The promise is 1 s.
const LIMIT: Duration = Duration::from_secs(60);

/// Visits come at moments that have nothing to do with our own rhythm.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What such a visitor sends.
const BROWSER: &str =
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0\r\n";

/// Upper ends of the bars of the histogram. Milliseconds.
const BARS: [f64; 9] = [25.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 500.0, 1_000.0];

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many clicks are waited for
    #[arg(long, default_value_t = 1_000)]
    clicks: usize,
    /// Redirects per second in the background
    #[arg(long, default_value_t = 5_000.0)]
    rate: f64,
    /// Clients in the background, each with a connection
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Links that are followed in the background
    #[arg(long, default_value_t = 1_000)]
    links: usize,
}

/// Everything, for programs.
#[derive(Debug, Serialize)]
struct Raw {
    background_redirects: u64,
    background_per_second: f64,
    /// For each click: milliseconds until the API told of it.
    millis: Vec<f64>,
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments, destination: &Destination) -> anyhow::Result<()> {
    let mut system = System::start(1)?;
    let links = Links::make(arguments.links + arguments.clicks, Variant::Plain, SEED)?;
    let mut api = system.api()?;
    let mut watched = Vec::new();
    // The last ones are for us alone: the first click of each is waited for.
    for (number, link) in links.iter().enumerate() {
        let link = api.create_link(&link.code, &link.targets[0])?;
        if number >= arguments.links {
            watched.push(link);
        }
    }
    let proxy = system.proxies()[0].address;
    let crowded = Links::make(arguments.links, Variant::Plain, SEED)?;
    let is_over = AtomicBool::new(false);
    let raw = thread::scope(|scope| {
        let load = scope.spawn(|| {
            let head = Head::new(HeadKind::Browser, DOMAIN);
            let expect = Expect::Target;
            let mut crowd = Crowd::connect(proxy, arguments.clients, &crowded, head, expect)?;
            crowd.run_open(arguments.rate, Stop::When(&is_over), SEED)
        });
        let mut watchers = Vec::new();
        for (part, seed) in watched
            .chunks(watched.len().div_ceil(WATCHERS).max(1))
            .zip(0..)
        {
            let api = system.api()?;
            watchers.push(scope.spawn(move || watch(proxy, api, part, seed)));
        }
        let mut millis = Vec::new();
        let mut failed = None;
        for watcher in watchers {
            match watcher.join().map_err(|_| anyhow::anyhow!("a panic"))? {
                Ok(part) => millis.extend(part),
                Err(error) => failed = Some(error),
            }
        }
        is_over.store(true, Ordering::Relaxed);
        let load = load.join().map_err(|_| anyhow::anyhow!("a panic"))?;
        let load = load.context("the load in the background")?;
        if let Some(error) = failed {
            return Err(error);
        }
        Ok(Raw {
            background_redirects: load.latency.len(),
            background_per_second: load.latency.len() as f64 / load.elapsed.as_secs_f64(),
            millis,
        })
    })?;
    destination.write("visible", &text(&raw, arguments)?, &raw)
}

/// Follows each link once, and waits until its page tells of it.
fn watch(
    proxy: SocketAddr,
    mut api: Client,
    links: &[ApiLink],
    seed: u64,
) -> anyhow::Result<Vec<f64>> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut millis = Vec::new();
    for link in links {
        thread::sleep(LONGEST_PAUSE.mul_f64(random.random()));
        let mut visitor = Client::with_fields(proxy, DOMAIN, BROWSER)?;
        visitor.get(&format!("/{}", link.code))?.expect(302)?;
        let since = Instant::now();
        loop {
            let clicks = api.clicks(link)?;
            let took = since.elapsed();
            ensure!(clicks <= 1, "{clicks} clicks instead of one");
            if clicks == 1 {
                millis.push(took.as_secs_f64() * 1e3);
                break;
            }
            if took > LIMIT {
                bail!("a click did not show within {LIMIT:?}");
            }
            thread::sleep(LOOK);
        }
    }
    Ok(millis)
}

fn text(raw: &Raw, arguments: &Arguments) -> anyhow::Result<String> {
    let mut histogram = Histogram::<u64>::new(3)?;
    for millis in &raw.millis {
        histogram.record((millis * 1e6) as u64)?;
    }
    let [p50, p90, p99, most] =
        [0.5, 0.9, 0.99, 1.0].map(|quantile| quantile_millis(&histogram, quantile));
    let bars = bars(raw.millis.iter().copied(), &BARS);
    Ok(format!(
        "# From a redirect to its click in the statistics

The whole system as release-built processes on one machine, both servers with what they confirm on the
disk. In the background {:.0} visitors a second followed {} links ({} redirects, none failed).
{} visitors followed a link of their own that nobody had followed before, {WATCHERS} at a time. From the
moment they had the redirect, the link's page was asked for its clicks, {} ms after each answer,
until it told of this one. The times therefore include that last question.

**p50 {p50:.0} ms, p90 {p90:.0} ms, p99 {p99:.0} ms, longest {most:.0} ms**

```text
{bars}```
",
        raw.background_per_second,
        arguments.links,
        raw.background_redirects,
        raw.millis.len(),
        LOOK.as_millis(),
    ))
}
