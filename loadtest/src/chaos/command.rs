use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::clients::Clients;
use super::faults::{Fault, Mischief};
use super::judge::{Verdict, judge, wait_for_rest};
use super::stage::Stage;
use super::watch::{SIGNS, Watch};
use crate::report::Destination;

/// Signs without which a run has shown nothing.
const NEEDED: [&str; 5] = [
    "linkpulse_blocks_resent_total",
    "linkpulse_blocks_missed_total",
    "linkpulse_blocks_duplicate_total",
    "linkpulse_entries_reclaimed_total",
    "linkpulse_feed_catch_ups_total",
];

/// How to do it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How long, at least; each fault comes at least once, however long that takes
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Requests per second, of all clients together
    #[arg(long, default_value_t = 2_000)]
    rate: u64,
    /// Clients, each with a connection
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// Links that are followed
    #[arg(long, default_value_t = 50)]
    links: usize,
    /// Decides which process is hit and for how long
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Everything, for programs.
#[derive(Debug, Serialize)]
struct Raw {
    seconds: f64,
    sent: usize,
    redirected: usize,
    refused: u64,
    rows: usize,
    unseen: usize,
    tallied: u64,
    in_gap: u64,
    cut_connections: u64,
    faults: BTreeMap<&'static str, u64>,
    skipped: BTreeMap<&'static str, String>,
    signs: BTreeMap<&'static str, u64>,
}

/// Runs it.
///
/// # Errors
/// When a click is lost or doubled, something does not recover, or nothing went wrong that could
/// have cost a click: then nothing was shown.
pub(crate) fn run(arguments: &Arguments, destination: &Destination) -> anyhow::Result<()> {
    let mut stage = Stage::start()?;
    let codes = stage.make_links(arguments.links)?;
    let watch = Watch::start(stage.services().map(|service| service.admin).collect());
    let begun = Instant::now();
    let clients = Clients::start(&stage.addresses, &codes, arguments.clients, arguments.rate);
    let mut mischief = Mischief::new(arguments.seed);
    let mut counts: BTreeMap<Fault, u64> = BTreeMap::new();
    let mut skipped = BTreeMap::new();
    let length = Duration::from_secs(arguments.seconds);
    for (round, fault) in Fault::ALL.iter().cycle().enumerate() {
        if round >= Fault::ALL.len() && begun.elapsed() >= length {
            break;
        }
        eprintln!("{:6.1} s  {}", begun.elapsed().as_secs_f64(), fault.name());
        match mischief.cause(*fault, &mut stage)? {
            Ok(()) => *counts.entry(*fault).or_default() += 1,
            Err(reason) => {
                skipped.insert(fault.name(), reason);
            }
        }
        mischief.pause();
    }
    mischief.end(&mut stage)?;
    stage.heal()?;
    // Some clicks when all is well, too.
    std::thread::sleep(Duration::from_secs(1));
    let memory = clients.finish();
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!("{seconds:6.1} s  the load has ended; waiting for the last clicks");
    wait_for_rest(&mut stage, mischief.foreign)?;
    let signs = watch.finish();
    let verdict = judge(&stage, &memory)?;
    for sign in NEEDED {
        if signs.get(sign).copied().unwrap_or_default() == 0 {
            bail!("void: {sign} is 0, so nothing went wrong that could have cost a click");
        }
    }
    let Verdict {
        sent,
        redirected,
        rows,
        unseen,
        tallied,
        in_gap,
    } = verdict;
    let raw = Raw {
        seconds,
        sent,
        redirected,
        refused: memory.refused,
        rows,
        unseen,
        tallied,
        in_gap,
        cut_connections: stage.wire.lost(),
        faults: counts
            .iter()
            .map(|(fault, count)| (fault.name(), *count))
            .collect(),
        skipped,
        signs,
    };
    destination.write("chaos", &text(&raw, arguments)?, &raw)
}

fn text(raw: &Raw, arguments: &Arguments) -> Result<String, std::fmt::Error> {
    let mut text = format!(
        "# Everything is killed under load

Two proxies, two pipelines, a control plane, Redis and PostgreSQL, for {:.0} s under {} requests a second;
seed {}. Every request has a number of its own. In the end, everything having come to rest by itself, the
numbers that were answered with a redirect were looked for among the clicks.

**No click lost, none counted twice.** Of {} requests sent, {} were answered with a redirect, {} with
something else, and {} clicks were counted: {} of visitors who did not see the answer, because the proxy or
the connection ended. Rows, counts and blocks agree.
",
        raw.seconds,
        arguments.rate,
        arguments.seed,
        raw.sent,
        raw.redirected,
        raw.refused,
        raw.rows,
        raw.unseen,
    );
    if raw.tallied + raw.in_gap > 0 {
        writeln!(
            text,
            "For lack of room, {} more were counted without detail, and {} only as hits in a gap.",
            raw.tallied, raw.in_gap
        )?;
    }
    writeln!(text, "\n| what was done | times |\n|---|---:|")?;
    for (fault, count) in &raw.faults {
        writeln!(text, "| {fault} | {count} |")?;
    }
    for (fault, reason) in &raw.skipped {
        writeln!(text, "| {fault} | not here: {reason} |")?;
    }
    writeln!(text, "\n| what was seen of it | times |\n|---|---:|")?;
    for (sign, meaning) in SIGNS {
        let count = raw.signs.get(sign).copied().unwrap_or_default();
        writeln!(text, "| {meaning} | {count} |")?;
    }
    writeln!(
        text,
        "| connections cut with their replies | {} |",
        raw.cut_connections
    )?;
    Ok(text)
}
