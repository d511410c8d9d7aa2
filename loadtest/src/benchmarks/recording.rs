//! What recording one click takes, beside two other ways to keep it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use contract::{Block, Click, Clock, SystemClock};
use serde::Serialize;
use spool::{Options, Outbox, Recorded, SyncPolicy, Writer};

use crate::backlog::Backlog;
use crate::machine::{LOAD_CORE, SERVER_CORE, pin_this_thread};
use crate::report::{Destination, Spread, Table, spread};
use crate::servers::Folder;

const SEED: u64 = 20_261_127;

/// Different clicks.
const CLICKS: u64 = 5_000;

/// As the proxy has it, if nothing else is asked for.
const SEGMENT: u64 = 16 << 20;

/// More is never waiting here.
const QUOTA: u64 = 1 << 30;

/// Clicks that are recorded without a pause: a tenth of what lies ready.
const BURST: usize = 10_000;

/// Between two looks of the one who makes room.
const LOOK: Duration = Duration::from_millis(1);

/// Room in the channel: more than a burst.
const CHANNEL: usize = 2 * BURST;

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many clicks in each round, each way
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    clicks: u64,
    /// How often, in alternation
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// Everything, for programs. Nanoseconds per click, for each round.
#[derive(Debug, Serialize)]
struct Raw {
    clicks: u64,
    mean_bytes: f64,
    spool: Vec<f64>,
    write: Vec<f64>,
    channel: Vec<f64>,
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments, destination: &Destination) -> anyhow::Result<()> {
    let blocks = blocks();
    let mut clicks = Vec::new();
    for block in &blocks {
        clicks.extend(block.clicks()?);
    }
    let bursts = arguments.clicks.div_ceil(BURST as u64);
    let mut raw = Raw {
        clicks: bursts * BURST as u64,
        mean_bytes: mean_bytes(&clicks),
        spool: Vec::new(),
        write: Vec::new(),
        channel: Vec::new(),
    };
    let folder = Folder::create()?;
    let spool = Kept::open(folder.join("spool"))?;
    let mut file = AppendedFile::create(&folder.join("file"))?;
    let channel = drained_channel();
    pin_this_thread(SERVER_CORE)?;
    let mut body = Vec::new();
    for _ in 0..arguments.rounds {
        raw.spool.push(measure(&clicks, bursts, |burst| {
            spool.wait_for_room();
            let begun = Instant::now();
            for click in burst {
                ensure!(
                    spool.writer.record(click) == Recorded::Kept,
                    "there was no room for a click"
                );
            }
            Ok(begun.elapsed())
        })?);
        raw.write.push(measure(&clicks, bursts, |burst| {
            file.begin_again()?;
            let begun = Instant::now();
            for click in burst {
                body.clear();
                click.encode_into(&mut body);
                file.file.write_all(&body)?;
            }
            Ok(begun.elapsed())
        })?);
        raw.channel.push(measure(&clicks, bursts, |burst| {
            let begun = Instant::now();
            for click in burst {
                let mut body = Vec::new();
                click.encode_into(&mut body);
                channel.send(body).context("the channel is closed")?;
            }
            Ok(begun.elapsed())
        })?);
    }
    destination.write("recording", &text(&raw), &raw)
}

/// Nanoseconds per click.
fn measure(
    clicks: &[Click<'_>],
    bursts: u64,
    mut record: impl FnMut(&[&Click<'_>]) -> anyhow::Result<Duration>,
) -> anyhow::Result<f64> {
    let mut endless = clicks.iter().cycle();
    let mut took = Duration::ZERO;
    for _ in 0..bursts {
        let burst: Vec<_> = endless.by_ref().take(BURST).collect();
        took += record(&burst)?;
    }
    Ok(took.as_nanos() as f64 / (bursts * BURST as u64) as f64)
}

/// What a browser's visit leaves, of many links and user agents.
fn blocks() -> Vec<Block> {
    let mut backlog = Backlog::new(1_000, 300, SystemClock.now(), SEED);
    let (mut blocks, mut done) = (Vec::new(), 0);
    while done < CLICKS {
        let block = backlog.block(CLICKS - done, done, CLICKS);
        done += u64::from(block.count);
        blocks.push(block);
    }
    blocks
}

fn mean_bytes(clicks: &[Click<'_>]) -> f64 {
    let mut all = Vec::new();
    clicks.iter().for_each(|click| click.encode_into(&mut all));
    all.len() as f64 / clicks.len() as f64
}

/// A spool, and a thread that does what the proxy does beside it: makes room, takes blocks out,
/// and has them acknowledged.
struct Kept {
    writer: Arc<Writer>,
    is_over: Arc<AtomicBool>,
}

impl Kept {
    fn open(folder: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let (writer, mut outbox) = spool::open(Options {
            folder,
            segment_size: SEGMENT,
            quota: QUOTA,
            sync: SyncPolicy::Never,
            threads: 1,
            now: || SystemClock.now(),
        })?;
        let is_over = Arc::new(AtomicBool::new(false));
        let kept = Self {
            writer: writer.clone(),
            is_over: is_over.clone(),
        };
        thread::Builder::new().spawn(move || {
            // Without a core of its own it is only slower.
            let _ = pin_this_thread(LOAD_CORE);
            while !is_over.load(Ordering::Relaxed) {
                if let Err(error) = writer.make_spares() {
                    eprintln!("no room yet: {error}");
                }
                take(&mut outbox);
                thread::sleep(LOOK);
            }
        })?;
        Ok(kept)
    }

    fn wait_for_room(&self) {
        while self.writer.needs_spares() {
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn take(outbox: &mut Outbox) {
    for block in outbox.next(usize::MAX) {
        outbox.acknowledge(block.id);
    }
}

/// The simplest way that survives the process: one `write` for each click.
struct AppendedFile {
    file: File,
}

impl AppendedFile {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::options().append(true).create_new(true).open(path)?;
        Ok(Self { file })
    }

    /// So that it does not fill the disk.
    fn begin_again(&self) -> anyhow::Result<()> {
        Ok(self.file.set_len(0)?)
    }
}

/// The simplest way that does not: memory of the process, and somebody who takes it away.
fn drained_channel() -> SyncSender<Vec<u8>> {
    let (sender, receiver) = sync_channel::<Vec<u8>>(CHANNEL);
    thread::spawn(move || {
        let _ = pin_this_thread(LOAD_CORE);
        receiver.into_iter().for_each(drop);
    });
    sender
}

fn text(raw: &Raw) -> String {
    let ratio = |other: &[f64]| -> Spread {
        spread(raw.spool.iter().zip(other).map(|(spool, it)| spool / it))
    };
    let mut table = Table::new(&["way to keep a click", "ns per click", "spool ÷ it"]);
    let mut row = |name: &str, nanos: &[f64], ratio: String| {
        table.row([
            name.to_owned(),
            spread(nanos.iter().copied()).text(0),
            ratio,
        ]);
    };
    row("the spool: survives the process", &raw.spool, String::new());
    row(
        "one `write` into a file: survives the process",
        &raw.write,
        ratio(&raw.write).text(2),
    );
    row(
        "a channel to another thread: dies with the process",
        &raw.channel,
        ratio(&raw.channel).text(2),
    );
    format!(
        "# What recording a click takes

{} clicks of {:.0} bytes on average, each encoded, and for the spool also checksummed, by one thread that
does nothing else; a second one, on another core, makes room and takes away. {} rounds, in alternation;
bursts of {BURST} clicks, and only they are timed. Medians (lowest–highest). Between two clicks of a real
proxy lies a redirect, which leaves less of this in the core's caches.

{table}
That the spool makes no system call is a test of its own (`spool/tests/silent`): there a thread that
records is killed by its first one.
",
        raw.clicks,
        raw.mean_bytes,
        raw.spool.len(),
    )
}
