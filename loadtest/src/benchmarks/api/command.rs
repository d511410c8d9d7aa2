//! `loadtest api`.

use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use super::bulk::{self, Round};
use super::creation::{self, Created, WARM_UP};
use super::lists::{self, Measured};
use super::sign_ins::{self, Load};
use super::{population, text};
use crate::machine::keep_to_two_cores;
use crate::report::Destination;
use crate::servers::ApiServer;

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Links in the table
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..))]
    pub(super) links: u32,
    /// How long links are made, and how long people sign in
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) seconds: u64,
    /// Links made a second
    #[arg(long, default_value_t = 300.0)]
    pub(super) create_rate: f64,
    /// Sign-ins a second
    #[arg(long, default_value_t = 200.0)]
    pub(super) sign_in_rate: f64,
    /// Reads of the API a second, alone and beside the sign-ins
    #[arg(long, default_value_t = 50.0)]
    pub(super) read_rate: f64,
    /// Lists of each kind that are read, ten pages of each
    #[arg(long, default_value_t = 40)]
    pub(super) lists: usize,
    /// Pages of 100 on the way to one far behind
    #[arg(long, default_value_t = 1_000)]
    pub(super) depth: usize,
    /// Rows of one bulk request
    #[arg(long, default_value_t = 10_000)]
    pub(super) rows: usize,
    /// How often links are made, edited and deleted in bulk
    #[arg(long, default_value_t = 3)]
    pub(super) rounds: usize,
}

/// Everything, for programs.
#[derive(Debug, Serialize)]
pub(super) struct Raw {
    pub(super) links: u32,
    pub(super) filled_in_seconds: f64,
    pub(super) created: Created,
    pub(super) lists: Vec<Measured>,
    pub(super) bulk: Vec<Round>,
    pub(super) sign_ins: sign_ins::Measured,
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments, destination: &Destination) -> anyhow::Result<()> {
    keep_to_two_cores()?;
    let lasting = Duration::from_secs(arguments.seconds);
    // Half of the sign-ins are wrong, and an account takes ten wrong ones in a quarter of an hour.
    // An odd number: so each person is right and wrong in turns.
    let sign_ins = arguments.sign_in_rate * (WARM_UP + lasting).as_secs_f64();
    let people = (sign_ins / 8.0) as usize | 1;
    let mut server = ApiServer::prepare()?;
    let begun = Instant::now();
    population::fill(&server, arguments.links.into(), people as i64)?;
    let filled_in_seconds = begun.elapsed().as_secs_f64();
    eprintln!("the tables are full after {filled_in_seconds:.0} s");
    server.start()?;
    let created = creation::measure(&server, arguments.create_rate, lasting)?;
    eprintln!("links were made: {:?}", created.millis);
    let lists = lists::measure(&server, arguments.lists, arguments.depth)?;
    let bulk = bulk::measure(&server, arguments.rows, arguments.rounds)?;
    let load = Load {
        sign_ins_per_second: arguments.sign_in_rate,
        reads_per_second: arguments.read_rate,
        lasting,
        people,
    };
    let sign_ins = sign_ins::measure(&server, load)?;
    let raw = Raw {
        links: arguments.links,
        filled_in_seconds,
        created,
        lists,
        bulk,
        sign_ins,
    };
    destination.write("api", &text::text(&raw, arguments), &raw)
}
