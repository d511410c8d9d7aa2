//! What a long outage of Redis costs: the spool grows on disk, memory does not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Serialize;

use crate::generator::{Crowd, Expect, Head, HeadKind, Stop};
use crate::links::{DOMAIN, Links};
use crate::machine::{own_bytes, resident_bytes};
use crate::report::{Destination, Table};
use crate::servers::{Proxy, System};
use crate::variant::Variant;

const SEED: u64 = 20_261_125;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// How long everything may take to come to rest afterwards.
const PATIENCE: Duration = Duration::from_secs(900);

/// For so long nothing may be on its way: longer than a block stays open, and than proxies take to
/// tell what they have sent.
const REST: Duration = Duration::from_secs(4);

/// Rows of the table, at most.
const ROWS: usize = 12;

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How long Redis is away, in seconds
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// How long it is there before and after, in seconds
    #[arg(long, default_value_t = 30)]
    around: u64,
    /// Redirects per second
    #[arg(long, default_value_t = 5_000.0)]
    rate: f64,
    /// Clients, each with a connection
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Links that are followed
    #[arg(long, default_value_t = 1_000)]
    links: usize,
}

/// When something was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Before,
    Outage,
    After,
}

/// What there was to see.
#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
    phase: Phase,
    /// Since the load began.
    seconds: f64,
    proxy_own: u64,
    proxy_resident: u64,
    pipeline_own: u64,
    pipeline_resident: u64,
    spool: u64,
}

/// Everything, for programs. Bytes.
#[derive(Debug, Serialize)]
struct Raw {
    redirects: u64,
    clicks: u64,
    blocks: u64,
    seconds_to_rest: f64,
    samples: Vec<Sample>,
}

/// Runs it.
///
/// # Errors
/// When a redirect fails, or not every one of them is counted in the end.
pub(crate) fn run(arguments: &Arguments, destination: &Destination) -> anyhow::Result<()> {
    let mut system = System::start(1)?;
    let links = Links::make(arguments.links, Variant::Plain, SEED)?;
    let mut api = system.api()?;
    for link in links.iter() {
        api.create_link(&link.code, &link.targets[0])?;
    }
    let address = system.proxies()[0].address;
    let is_over = AtomicBool::new(false);
    let mut samples = Vec::new();
    let redirects = thread::scope(|scope| {
        let load = scope.spawn(|| {
            let head = Head::new(HeadKind::Browser, DOMAIN);
            let expect = Expect::Target;
            let mut crowd = Crowd::connect(address, arguments.clients, &links, head, expect)?;
            let timed = crowd.run_open(arguments.rate, Stop::When(&is_over), SEED)?;
            Ok::<_, anyhow::Error>(timed.latency.len())
        });
        let watched = watch(arguments, &mut system, &mut samples);
        // Also after a failure, or the visitors would go on for ever.
        is_over.store(true, Ordering::Relaxed);
        let redirects = load.join().map_err(|_| anyhow::anyhow!("a panic"))?;
        watched?;
        redirects.context("the load")
    })?;
    let ended = Instant::now();
    wait_for_rest(&mut system.proxies()[0])?;
    let seconds_to_rest = ended.elapsed().as_secs_f64();
    let (blocks, clicks) = system.audited()?;
    ensure!(
        clicks == redirects,
        "{redirects} redirects, but {clicks} clicks were counted"
    );
    let raw = Raw {
        redirects,
        clicks,
        blocks,
        seconds_to_rest,
        samples,
    };
    destination.write("outage", &text(&raw, arguments)?, &raw)
}

/// Takes Redis away and brings it back.
fn watch(
    arguments: &Arguments,
    system: &mut System,
    samples: &mut Vec<Sample>,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let around = Duration::from_secs(arguments.around);
    look_for(around, Phase::Before, begun, system, samples)?;
    eprintln!("Redis goes");
    system.redis().stop()?;
    let outage = Duration::from_secs(arguments.seconds);
    look_for(outage, Phase::Outage, begun, system, samples)?;
    eprintln!("Redis comes back");
    system.redis().restart()?;
    look_for(around, Phase::After, begun, system, samples)
}

fn look_for(
    length: Duration,
    phase: Phase,
    begun: Instant,
    system: &mut System,
    samples: &mut Vec<Sample>,
) -> anyhow::Result<()> {
    let until = Instant::now() + length;
    while Instant::now() < until {
        thread::sleep(LOOK);
        let pipeline = system.pipeline();
        let proxy = &mut system.proxies()[0];
        samples.push(Sample {
            phase,
            seconds: begun.elapsed().as_secs_f64(),
            proxy_own: own_bytes(proxy.pid())?,
            proxy_resident: resident_bytes(proxy.pid())?,
            pipeline_own: own_bytes(pipeline)?,
            pipeline_resident: resident_bytes(pipeline)?,
            spool: proxy.metric("linkpulse_spool_bytes")?,
        });
    }
    Ok(())
}

/// Waits until every click is committed.
fn wait_for_rest(proxy: &mut Proxy) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut at_rest_since = None;
    let mut last_clicks = 0;
    loop {
        let left = proxy.metric("linkpulse_spool_blocks_on_the_way")?;
        // While blocks wait in the spool, it has more segments than those that lie ready.
        let bytes = proxy.metric("linkpulse_spool_bytes")?;
        if left == 0 && bytes == last_clicks {
            if at_rest_since.get_or_insert_with(Instant::now).elapsed() >= REST {
                return Ok(());
            }
        } else {
            at_rest_since = None;
        }
        last_clicks = bytes;
        if begun.elapsed() > PATIENCE {
            bail!(
                "{left} blocks are on the way after {PATIENCE:?}, and {bytes} bytes in the spool"
            );
        }
        thread::sleep(LOOK / 5);
    }
}

fn text(raw: &Raw, arguments: &Arguments) -> anyhow::Result<String> {
    let Raw {
        redirects,
        blocks,
        seconds_to_rest,
        samples,
        ..
    } = raw;
    let outage: Vec<&Sample> = of(samples, Phase::Outage).collect();
    let (Some(first), Some(last)) = (outage.first(), outage.last()) else {
        bail!("too short to see anything");
    };
    let mut table = Table::new(&[
        "MiB",
        "spool on disk",
        "proxy, own",
        "with mapped files",
        "pipeline, own",
        "with mapped files",
    ]);
    let mut row = |name: String, sample: &Sample| {
        let bytes = [
            sample.spool,
            sample.proxy_own,
            sample.proxy_resident,
            sample.pipeline_own,
            sample.pipeline_resident,
        ];
        let cells = bytes.map(|bytes| format!("{:.1}", mebibytes(bytes)));
        table.row([name].into_iter().chain(cells));
    };
    if let Some(sample) = of(samples, Phase::Before).last() {
        row("before".to_owned(), sample);
    }
    let step = outage.len().div_ceil(ROWS).max(1);
    for sample in outage.iter().step_by(step) {
        let seconds = sample.seconds - first.seconds;
        row(format!("{seconds:.0} s without Redis"), sample);
    }
    row("the last moment without Redis".to_owned(), last);
    if let Some(sample) = of(samples, Phase::After).last() {
        row(format!("{} s after", arguments.around), sample);
    }
    let growth = |own: fn(&Sample) -> u64| {
        let most = outage.iter().map(|sample| own(sample)).max();
        mebibytes(most.unwrap_or_default()) - mebibytes(own(first))
    };
    Ok(format!(
        "# Memory while Redis is away

The whole system as release-built processes on one machine, both servers with what they confirm on the
disk. {:.0} visitors a second follow {} links; Redis is away for {} s. No redirect failed, and each of the
{redirects} redirects was counted once: in {blocks} blocks, the last of them {seconds_to_rest:.0} s after
the load had ended.

Over the outage the spool grew by {:.0} MiB. The memory of its own that the proxy used grew by at most
{:.1} MiB from its first second, and that of the pipeline by at most {:.1} MiB.

{table}",
        arguments.rate,
        arguments.links,
        arguments.seconds,
        mebibytes(last.spool) - mebibytes(first.spool),
        growth(|sample| sample.proxy_own),
        growth(|sample| sample.pipeline_own),
    ))
}

fn of(samples: &[Sample], phase: Phase) -> impl Iterator<Item = &Sample> {
    samples.iter().filter(move |sample| sample.phase == phase)
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}
