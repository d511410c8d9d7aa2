#![doc = include_str!("../README.md")]

mod database;
mod dead_letters;
mod doctor;
mod healthcheck;
mod http;
mod installation;
mod key;
mod link;
mod lookup;
mod migrate;
mod openapi;
mod output;
mod password;
mod printable;
mod reclassify;
mod redis_users;
mod report;
mod settings;
mod spool;
mod up;
mod user;
mod with_servers;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use service::SettingError;

/// LinkPulse, a link shortener that you run yourself.
#[derive(Parser)]
#[command(name = "linkpulse", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// Folder with the data, secrets and logs of `linkpulse up`
    #[arg(
        long,
        global = true,
        default_value = up::DEFAULT_DIR,
        value_name = "FOLDER"
    )]
    dir: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything on this machine; Ctrl-C stops it
    Up(up::Arguments),
    /// Bring the database's tables up to date
    Migrate,
    /// Add people who may sign in
    #[command(subcommand)]
    User(user::Command),
    /// Add and end API keys
    #[command(subcommand)]
    Key(key::Command),
    /// See what visitors report of links of all workspaces
    #[command(subcommand)]
    Report(report::Command),
    /// Look at a link of whichever workspace, take it down, or put it up again
    #[command(subcommand)]
    Link(link::Command),
    /// Look into the files in which a proxy keeps clicks until they are committed
    #[command(subcommand)]
    Spool(spool::Command),
    /// Look for what is wrong with an installation, and say what to do
    Doctor(doctor::Arguments),
    /// Tell persons from programs anew in all clicks so far, and correct the counts
    Reclassify(reclassify::Arguments),
    /// Look at what could not be counted, and send it back
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
    /// Ask a service's health address, for containers: exit code 0 or 1
    Healthcheck(healthcheck::Arguments),
    /// Print an access control list for a Redis of your own: a user for each service
    RedisAcl,
    /// Print the description of the REST API (OpenAPI, JSON)
    Openapi,
    /// Print the description of all settings (Markdown)
    Settings,
    /// Run a command with throw-away servers behind DATABASE_URL and REDIS_URL
    #[command(hide = true)]
    WithServers(with_servers::Arguments),
}

// One thread: everything here waits for others.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    service::install_tls_provider();
    match run(arguments).await {
        Ok(exit_code) => exit_code,
        Err(error) => refuse(&error),
    }
}

async fn run(Arguments { command, dir }: Arguments) -> anyhow::Result<ExitCode> {
    match command {
        Command::Up(arguments) => return up::run(arguments, &dir).await,
        Command::Migrate => migrate::run(&dir).await?,
        Command::User(command) => user::run(command, &dir).await?,
        Command::Key(command) => key::run(command, &dir).await?,
        Command::Report(command) => report::run(command, &dir).await?,
        Command::Link(command) => link::run(command, &dir).await?,
        Command::Spool(command) => return spool::run(command, &dir),
        Command::Doctor(arguments) => return doctor::run(arguments, &dir).await,
        Command::Reclassify(arguments) => reclassify::run(arguments, &dir).await?,
        Command::DeadLetters(command) => return dead_letters::run(command, &dir).await,
        Command::Healthcheck(arguments) => healthcheck::run(arguments).await?,
        Command::RedisAcl => redis_users::print()?,
        Command::Openapi => openapi::run()?,
        Command::Settings => settings::run()?,
        Command::WithServers(arguments) => return with_servers::run(arguments).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// One line for a wrong setting, the whole chain of reasons for the rest.
fn refuse(error: &anyhow::Error) -> ExitCode {
    if let Some(error) = error.downcast_ref::<SettingError>() {
        return error.refuse();
    }
    if let Some(up::RefusedSetting(line)) = error.downcast_ref() {
        eprintln!("{line}");
        return ExitCode::from(service::env::EXIT_BAD_SETTING);
    }
    eprintln!("linkpulse: {error:#}");
    ExitCode::FAILURE
}
