//! Instructions per redirect: coarser than time, since no two instructions take the same, but
//! equal in every run and on a busy machine. They show whether a change helps.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::pair::{Pair, Side};
use super::profile::Profile;
use crate::generator::{HeadKind, Until};
use crate::machine::version_of;
use crate::report::{Destination, Table, spread};
use crate::servers::{Folder, Nginx, Workers};
use crate::variant::Variant;

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many links. Fewer than elsewhere: everything takes fifty times as long
    #[arg(long, default_value_t = 5_000)]
    links: usize,
    /// Kinds of links
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Variant::value_variants().to_vec())]
    variants: Vec<Variant>,
    /// What clients send
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [HeadKind::Short, HeadKind::Browser])]
    heads: Vec<HeadKind>,
    /// Clients, each with a connection
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// Requests in one measurement
    #[arg(long, default_value_t = 20_000)]
    requests: u64,
    /// Measurements of each server
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Functions of the proxy that are listed
    #[arg(long, default_value_t = 30)]
    functions: usize,
}

/// All measurements of one kind: instructions per redirect.
#[derive(Debug, Serialize)]
struct Case {
    variant: Variant,
    head: HeadKind,
    proxy: Vec<f64>,
    nginx: Vec<f64>,
    /// Where the proxy's went, in the last measurement.
    functions: Vec<Function>,
}

/// A function and the instructions in it, without what it calls, per redirect.
#[derive(Debug, Serialize)]
struct Function {
    instructions: f64,
    name: String,
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments, destination: &Destination) -> anyhow::Result<()> {
    let valgrind = version_of("valgrind", "--version")
        .context("instructions are counted by valgrind: install it (Debian: valgrind)")?;
    let mut cases = Vec::new();
    for &variant in &arguments.variants {
        let counts = Folder::create()?;
        // %p is the process.
        let output = format!("--callgrind-out-file={}/%p", counts.join("").display());
        let wrapper = ["valgrind", "--tool=callgrind", "--quiet", &output];
        let wrapper = wrapper.map(Into::into).to_vec();
        let mut pair = Pair::start(arguments.links, variant, Workers::Inline, &wrapper)?;
        pair.warm(arguments.clients)?;
        for &head in &arguments.heads {
            let (proxy, profile) = measure(&mut pair, arguments, &counts, Side::Proxy, head)?;
            let (nginx, _) = measure(&mut pair, arguments, &counts, Side::Nginx, head)?;
            let functions = profile.functions.into_iter().take(arguments.functions);
            let functions = functions.map(|(name, count)| Function {
                instructions: count as f64 / arguments.requests as f64,
                name,
            });
            cases.push(Case {
                variant,
                head,
                proxy,
                nginx,
                functions: functions.collect(),
            });
        }
        pair.proxy.stop()?;
        pair.nginx.stop()?;
    }
    let text = text(&cases, arguments, &valgrind)?;
    destination.write("instructions", &text, &cases)
}

/// The counts of all rounds, and the profile of the last.
fn measure(
    pair: &mut Pair,
    arguments: &Arguments,
    counts: &Folder,
    side: Side,
    head: HeadKind,
) -> anyhow::Result<(Vec<f64>, Profile)> {
    let pid = pair.pid(side);
    let mut values = Vec::new();
    let mut round = 0;
    loop {
        dump(pid)?;
        let until = Until::Asked(arguments.requests);
        pair.saturate(side, arguments.clients, head, until, round as u64)?;
        dump(pid)?;
        let file = newest(counts, pid)?;
        let profile = Profile::read(&fs::read_to_string(&file)?)?;
        let count = profile.total as f64 / arguments.requests as f64;
        eprintln!("  {side:?}: {count:.0} instructions");
        // The first time without looking: what happens once is not counted.
        if round > 0 {
            values.push(count);
        }
        round += 1;
        if round > arguments.rounds {
            return Ok((values, profile));
        }
    }
}

/// Lets callgrind write what it has counted, and begin anew.
fn dump(pid: u32) -> anyhow::Result<()> {
    let mut command = Command::new("callgrind_control");
    let output = command.args(["--dump", &pid.to_string()]).output();
    let output = output.context("cannot run callgrind_control, which comes with valgrind")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !text.contains("OK") {
        bail!("callgrind did not write its counts: {text}");
    }
    Ok(())
}

/// The file of the last dump: they are numbered.
fn newest(counts: &Folder, pid: u32) -> anyhow::Result<PathBuf> {
    let number = |path: &Path| -> Option<u32> {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix(&format!("{pid}."))?.parse().ok()
    };
    let files = counts.join("").read_dir()?;
    let files = files.filter_map(|entry| Some(entry.ok()?.path()));
    let newest = files.filter_map(|path| Some((number(&path)?, path))).max();
    let (_, path) = newest.context("callgrind wrote no counts")?;
    Ok(path)
}

fn text(cases: &[Case], arguments: &Arguments, valgrind: &str) -> anyhow::Result<String> {
    let mut table = Table::new(&["links, requests", "proxy", "nginx", "proxy ÷ nginx"]);
    for case in cases {
        let (proxy, nginx) = (
            spread(case.proxy.iter().copied()),
            spread(case.nginx.iter().copied()),
        );
        table.row([
            format!("{}, {}", case.variant.name(), case.head.name()),
            proxy.text(0),
            nginx.text(0),
            format!("{:.2}", proxy.median / nginx.median),
        ]);
    }
    let mut functions = String::new();
    // Those of the other variants differ little, and are in the raw numbers.
    for case in cases.iter().filter(|case| case.variant == cases[0].variant) {
        let mut table = Table::new(&["function", "instructions"]);
        for function in &case.functions {
            let name = format!("`{}`", function.name.replace('|', "\\|"));
            table.row([name, format!("{:.0}", function.instructions)]);
        }
        let title = format!("{}, {}", case.variant.name(), case.head.name());
        functions.push_str(&format!("\n### {title}\n\n{table}"));
    }
    let Arguments {
        links,
        clients,
        requests,
        ..
    } = arguments;
    Ok(format!(
        "# Instructions per redirect

Counted by {valgrind} (callgrind) in the whole process, all threads, without the kernel's: {requests}
requests for {links} codes over {clients} connections, as fast as the server takes them. The proxy
hashes the visitor and records a click for each; {} records nothing. Median (lowest–highest) of {} measurements.

{table}
## Where the proxy's are

Without what a function calls.
{functions}",
        Nginx::version()?,
        arguments.rounds,
    ))
}
