//! How fast one pipeline counts what has piled up while it was away.

use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use contract::{Clock, Partitions, SystemClock};
use serde::Serialize;

use crate::backlog::Backlog;
use crate::machine::{CpuTime, keep_to_two_cores};
use crate::report::{Destination, Table, spread};
use crate::servers::{Drainage, ENGINES};

const SEED: u64 = 20_261_124;

/// Blocks that are sent at a time.
const SENT_TOGETHER: usize = 64;

/// Slower than this is not slow, but broken.
const SLOWEST: u64 = 500;

/// Nothing takes less time than this to start.
const START: Duration = Duration::from_secs(60);

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Clicks that wait
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    clicks: u64,
    /// Links that were clicked
    #[arg(long, default_value_t = 100_000, value_parser = positive)]
    links: usize,
    /// Different user agents
    #[arg(long, default_value_t = 3_000, value_parser = positive)]
    user_agents: usize,
    /// Blocks in one transaction
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    batch_blocks: u32,
    /// Streams, each with a loop of its own in the one pipeline
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    partitions: u32,
    /// How often, each time with new servers
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("a whole number from 1".to_owned()),
    }
}

/// Everything, for programs.
#[derive(Debug, Serialize)]
struct Raw {
    clicks: u64,
    links: usize,
    user_agents: usize,
    batch_blocks: u32,
    partitions: u32,
    rounds: Vec<Round>,
}

/// One backlog, drained.
#[derive(Debug, Serialize)]
struct Round {
    engine: &'static str,
    blocks: u64,
    seconds: f64,
    clicks_per_second: f64,
    pipeline: CpuTime,
    postgres: CpuTime,
    redis: CpuTime,
    /// Seconds since the start, and blocks left then.
    progress: Vec<(f64, u64)>,
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments, destination: &Destination) -> anyhow::Result<()> {
    keep_to_two_cores()?;
    let mut rounds = Vec::new();
    for round in 0..arguments.rounds {
        let mut engines = ENGINES;
        // What drifts does so for both alike.
        if !round.is_multiple_of(2) {
            engines.reverse();
        }
        for engine in engines {
            match measure(arguments, engine)? {
                Some(measured) => rounds.push(measured),
                None => eprintln!("{engine}: not on this machine"),
            }
        }
    }
    let raw = Raw {
        clicks: arguments.clicks,
        links: arguments.links,
        user_agents: arguments.user_agents,
        batch_blocks: arguments.batch_blocks,
        partitions: arguments.partitions,
        rounds,
    };
    destination.write("drain", &text(&raw), &raw)
}

fn measure(arguments: &Arguments, engine: &'static str) -> anyhow::Result<Option<Round>> {
    let partitions = Partitions::new(arguments.partitions).context("too many partitions")?;
    let Some(mut drainage) = Drainage::start(engine, partitions)? else {
        return Ok(None);
    };
    eprintln!("{engine}: filling the stream");
    let blocks = fill(arguments, &mut drainage)?;
    ensure!(drainage.left()? == blocks, "Redis does not have all blocks");
    let patience = START + Duration::from_secs(arguments.clicks / SLOWEST);
    let mut progress: Vec<(f64, u64)> = Vec::new();
    let drained = drainage.drain(arguments.batch_blocks, patience, |elapsed, left| {
        let seconds = elapsed.as_secs_f64();
        if left == 0
            || progress
                .last()
                .is_none_or(|(last, _)| seconds - last >= 1.0)
        {
            progress.push((seconds, left));
            if progress.len().is_multiple_of(10) {
                eprintln!("{engine}: {seconds:.0} s, {left} of {blocks} blocks left");
            }
        }
    })?;
    drainage.audit(blocks, arguments.clicks)?;
    let seconds = drained.took.as_secs_f64();
    let clicks_per_second = arguments.clicks as f64 / seconds;
    eprintln!("{engine}: {clicks_per_second:.0} clicks/s");
    Ok(Some(Round {
        engine,
        blocks,
        seconds,
        clicks_per_second,
        pipeline: drained.pipeline,
        postgres: drained.postgres,
        redis: drained.redis,
        progress,
    }))
}

/// Puts all clicks into the stream, and says how many blocks they are.
fn fill(arguments: &Arguments, drainage: &mut Drainage) -> anyhow::Result<u64> {
    let now = SystemClock.now();
    let mut backlog = Backlog::new(arguments.links, arguments.user_agents, now, SEED);
    let (mut blocks, mut clicks) = (0, 0);
    while clicks < arguments.clicks {
        let mut together = Vec::with_capacity(SENT_TOGETHER);
        while clicks < arguments.clicks && together.len() < SENT_TOGETHER {
            let block = backlog.block(arguments.clicks - clicks, clicks, arguments.clicks);
            clicks += u64::from(block.count);
            together.push(block);
        }
        blocks += together.len() as u64;
        drainage.add(&together)?;
    }
    Ok(blocks)
}

fn text(raw: &Raw) -> String {
    let Raw {
        clicks,
        links,
        user_agents,
        batch_blocks,
        partitions,
        rounds,
    } = raw;
    let mut table = Table::new(&[
        "clicks lie on",
        "clicks/s",
        "seconds",
        "pipeline, µs of a core per click",
        "PostgreSQL",
        "Redis",
    ]);
    for engine in ENGINES {
        let of_engine = || rounds.iter().filter(|round| round.engine == engine);
        if of_engine().count() == 0 {
            continue;
        }
        let per_click = |time: fn(&Round) -> CpuTime| {
            let micros = of_engine().map(|round| time(round).total() * 1e6 / *clicks as f64);
            spread(micros).text(1)
        };
        table.row([
            engine.to_owned(),
            spread(of_engine().map(|round| round.clicks_per_second)).text(0),
            spread(of_engine().map(|round| round.seconds)).text(1),
            per_click(|round| round.pipeline),
            per_click(|round| round.postgres),
            per_click(|round| round.redis),
        ]);
    }
    let blocks = rounds.first().map_or(0, |round| round.blocks);
    format!(
        "# Drain of a backlog

{clicks} clicks of two hours wait in Redis, in {blocks} blocks: {links} links, {user_agents} user
agents, most of them persons'. One pipeline, partitions: {partitions}, blocks in a transaction:
{batch_blocks}. Pipeline, PostgreSQL and Redis share two cores; both servers have what they confirm
on the disk, Redis once a second, and otherwise PostgreSQL's default settings. From the start of the pipeline's process
until nothing was left; afterwards blocks, rows and counts were compared.

{table}"
    )
}
