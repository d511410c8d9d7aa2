//! From the API's answer to an edit to its effect at every proxy, in the whole system under load.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::generator::{Crowd, Expect, Head, HeadKind, Stop};
use crate::links::{DOMAIN, Links};
use crate::report::{self, Destination, Table, bars, quantile_millis};
use crate::servers::{ApiLink, Client, System};
use crate::variant::Variant;

const SEED: u64 = 20_261_124;

/// An edge and its copy: enough to see that all of them follow.
const PROXIES: usize = 2;

/// Clients of each proxy in the background.
const CLIENTS: usize = 32;

/// An edit that takes longer than this is lost. The promise is 2 s.
const LIMIT: Duration = Duration::from_secs(10);

/// Upper ends of the bars of the histogram. Milliseconds.
const BARS: [f64; 9] = [1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0, 2_000.0];

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many edits, one after another
    #[arg(long, default_value_t = 1_000)]
    edits: usize,
    /// How many links, all of which are visited and edited
    #[arg(long, default_value_t = 200)]
    links: usize,
    /// Redirects per second in the background, over all proxies
    #[arg(long, default_value_t = 2_000.0)]
    rate: f64,
    /// The date of this measurement, for the document
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: String,
    /// The document that is written
    #[arg(long, default_value = "docs/edit-to-effect.md", value_name = "FILE")]
    document: PathBuf,
}

/// What a poller is to wait for.
struct Watch {
    code: String,
    target: String,
    since: Instant,
}

/// Everything, for programs. Milliseconds.
#[derive(Debug, Serialize)]
struct Raw {
    background_redirects: u64,
    /// For each edit: until the API answered.
    api: Vec<f64>,
    /// For each edit: from then until each proxy followed.
    effect: Vec<[f64; PROXIES]>,
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments, destination: &Destination) -> anyhow::Result<()> {
    let system = System::start(PROXIES)?;
    let links = Links::make(arguments.links, Variant::Plain, SEED)?;
    let mut api = system.api()?;
    let mut known = Vec::new();
    for link in links.iter() {
        known.push(api.create_link(&link.code, &link.targets[0])?);
    }
    let is_over = AtomicBool::new(false);
    let raw = thread::scope(|scope| {
        let mut background = Vec::new();
        for (&proxy, seed) in system.addresses().iter().zip(0..) {
            let (links, is_over) = (&links, &is_over);
            let rate = arguments.rate / PROXIES as f64;
            background.push(scope.spawn(move || visit(proxy, links, rate, is_over, seed)));
        }
        let edited = edit(arguments, &system, &mut api, &known);
        // Also after a failure, or the visitors would go on for ever.
        is_over.store(true, Ordering::Relaxed);
        let mut raw = edited?;
        for thread in background {
            let visits = thread.join().map_err(|_| anyhow::anyhow!("a panic"))?;
            raw.background_redirects += visits.context("the load in the background")?;
        }
        Ok::<_, anyhow::Error>(raw)
    })?;
    let text = text(&raw, arguments, &destination.machine())?;
    report::write(&arguments.document, &text)?;
    destination.write("edits", &text, &raw)
}

/// The background: people who follow links while they are edited.
fn visit(
    proxy: SocketAddr,
    links: &Links,
    rate: f64,
    is_over: &AtomicBool,
    seed: u64,
) -> anyhow::Result<u64> {
    let head = Head::new(HeadKind::Browser, DOMAIN);
    let mut crowd = Crowd::connect(proxy, CLIENTS, links, head, Expect::Redirect)?;
    let timed = crowd.run_open(rate, Stop::When(is_over), seed)?;
    Ok(timed.latency.len())
}

fn edit(
    arguments: &Arguments,
    system: &System,
    api: &mut Client,
    links: &[ApiLink],
) -> anyhow::Result<Raw> {
    let mut raw = Raw {
        background_redirects: 0,
        api: Vec::new(),
        effect: Vec::new(),
    };
    let mut pollers = Vec::new();
    for proxy in system.addresses() {
        pollers.push(Poller::start(proxy)?);
    }
    for number in 0..arguments.edits {
        let link = &links[number % links.len()];
        let target = format!("https://www.example.com/edited/{number}");
        let asked = Instant::now();
        api.edit_target(link, &target)?;
        let since = Instant::now();
        raw.api
            .push(since.duration_since(asked).as_secs_f64() * 1e3);
        for poller in &pollers {
            let (code, target) = (link.code.clone(), target.clone());
            let watch = Watch {
                code,
                target,
                since,
            };
            poller.watches.send(watch)?;
        }
        let mut effect = [0.0; PROXIES];
        for (effect, poller) in effect.iter_mut().zip(&pollers) {
            let took = poller.seen.recv().context("a poller has ended")??;
            *effect = took.as_secs_f64() * 1e3;
        }
        raw.effect.push(effect);
    }
    Ok(raw)
}

/// Asks one proxy for a link again and again until the answer is new.
struct Poller {
    watches: Sender<Watch>,
    seen: Receiver<anyhow::Result<Duration>>,
}

impl Poller {
    /// Ends when it is dropped.
    fn start(proxy: SocketAddr) -> anyhow::Result<Self> {
        let mut client = Client::with_fields(proxy, DOMAIN, "")?;
        let (watches, todo) = channel::<Watch>();
        let (done, seen) = channel();
        thread::Builder::new().spawn(move || {
            for watch in todo {
                if done.send(poll(&mut client, &watch)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { watches, seen })
    }
}

fn poll(client: &mut Client, watch: &Watch) -> anyhow::Result<Duration> {
    let path = format!("/{}", watch.code);
    loop {
        let reply = client.get(&path)?.expect(302)?;
        let took = watch.since.elapsed();
        if reply.location == watch.target {
            return Ok(took);
        }
        if took > LIMIT {
            bail!(
                "an edit had no effect within {LIMIT:?}: {path} leads to {}",
                reply.location
            );
        }
    }
}

fn histogram(millis: impl IntoIterator<Item = f64>) -> anyhow::Result<Histogram<u64>> {
    let mut histogram = Histogram::new(3)?;
    for value in millis {
        histogram.record((value * 1e6) as u64)?;
    }
    Ok(histogram)
}

fn text(raw: &Raw, arguments: &Arguments, machine: &str) -> anyhow::Result<String> {
    ensure!(!raw.effect.is_empty(), "no edits");
    let slower = |effect: &[f64; PROXIES]| effect.iter().copied().fold(0.0, f64::max);
    let all = histogram(raw.effect.iter().map(slower))?;
    let mut table = Table::new(&["milliseconds", "p50", "p90", "p99", "max"]);
    let mut row = |name: &str, histogram: &Histogram<u64>| {
        let quantiles = [0.5, 0.9, 0.99, 1.0].map(|quantile| quantile_millis(histogram, quantile));
        let cells = quantiles.map(|millis| format!("{millis:.1}"));
        table.row([name.to_owned()].into_iter().chain(cells));
    };
    for index in 0..PROXIES {
        let one = histogram(raw.effect.iter().map(|effect| effect[index]))?;
        row(&format!("until proxy {} follows", index + 1), &one);
    }
    row("until both follow", &all);
    row(
        "for comparison: until the API answers",
        &histogram(raw.api.iter().copied())?,
    );
    let bars = bars(raw.effect.iter().map(slower), &BARS);
    let Arguments {
        edits,
        links,
        rate,
        date,
        ..
    } = arguments;
    let visits = raw.background_redirects;
    Ok(format!(
        "# From an edit to its effect

How long it takes from the API's answer to an edit until every proxy redirects to the new target.
Written by `loadtest edits`; run it again rather than believe it.

The whole system ran as release-built processes on one machine: PostgreSQL, Redis, control plane,
pipeline and {PROXIES} proxies. In the background, {rate:.0} visitors a second followed the same
{links} links ({visits} redirects, none failed). {edits} edits were made one after another. From
the moment the API had answered, each proxy was asked for the edited link again and again, over a
connection of its own, until it answered with the new target. The times therefore include one
redirect, and everything else that ran on the same cores, this tool among it.

{table}
Until both follow:

```text
{bars}```

All proxies were connected to Redis the whole time. What happens to one that is not is in
[the architecture](architecture.md). Between machines, add the network's time once from the control
plane to Redis and once from there to the proxy.

Measured on {date}, {machine}.
"
    ))
}
