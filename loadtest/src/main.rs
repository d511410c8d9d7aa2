#![doc = include_str!("../README.md")]

mod backlog;
mod benchmarks;
mod chaos;
mod generator;
mod links;
mod machine;
mod report;
mod servers;
mod variant;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use benchmarks::{
    api, drain, edits, instructions, latency, memory, outage, recording, redirects, visible,
};
use report::Destination;

/// Puts load on LinkPulse's services and measures them.
#[derive(Parser)]
#[command(name = "loadtest", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    destination: Destination,
}

#[derive(Subcommand)]
enum Command {
    /// Processor time per redirect, beside nginx
    Redirects(redirects::Arguments),
    /// Waiting time at half of saturation, beside nginx
    Latency(latency::Arguments),
    /// Memory per cached link
    Memory(memory::Arguments),
    /// Instructions per redirect, beside nginx: the same in every run
    Instructions(instructions::Arguments),
    /// Time that recording one click takes, beside other ways to keep it
    Recording(recording::Arguments),
    /// Time from an edit's answer to its effect at the edge, in the whole system under load
    Edits(edits::Arguments),
    /// Time from a redirect to its click in the statistics, in the whole system under load
    Visible(visible::Arguments),
    /// Memory of proxy and pipeline while Redis is away, in the whole system under load
    Outage(outage::Arguments),
    /// Clicks per second of a pipeline that finds a backlog, on each engine
    Drain(drain::Arguments),
    /// Waiting times of the API with a million links, and beside many sign-ins
    Api(api::Arguments),
    /// Kill and freeze everything under load, then look for every click
    Chaos(chaos::Arguments),
}

fn main() -> ExitCode {
    let Arguments {
        command,
        destination,
    } = Arguments::parse();
    let result = match command {
        Command::Redirects(arguments) => redirects::run(&arguments, &destination),
        Command::Latency(arguments) => latency::run(&arguments, &destination),
        Command::Memory(arguments) => memory::run(&arguments, &destination),
        Command::Instructions(arguments) => instructions::run(&arguments, &destination),
        Command::Recording(arguments) => recording::run(&arguments, &destination),
        Command::Edits(arguments) => edits::run(&arguments, &destination),
        Command::Visible(arguments) => visible::run(&arguments, &destination),
        Command::Outage(arguments) => outage::run(&arguments, &destination),
        Command::Drain(arguments) => drain::run(&arguments, &destination),
        Command::Api(arguments) => api::run(&arguments, &destination),
        Command::Chaos(arguments) => chaos::run(&arguments, &destination),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("loadtest: {error:#}");
            ExitCode::FAILURE
        }
    }
}
