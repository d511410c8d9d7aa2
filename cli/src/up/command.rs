//! From start to stop.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::folder::StateFolder;
use super::plan::Plan;
use super::program::Programs;
use super::run_command;
use super::signals::Signals;
use super::state::State;
use super::{account, launch, proof, stop, supervise, welcome};
use crate::output::{Output, Style};

/// How to start.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Start everything, create, follow and count a link, stop everything
    #[arg(long)]
    check: bool,

    /// Make no link, and so prove nothing: at the first start, for a workspace that is to be restored
    #[arg(long, conflicts_with = "check")]
    no_link: bool,

    /// E-mail address of the first user
    #[arg(long, default_value = "owner@localhost", value_name = "ADDRESS")]
    email: String,

    /// Start everything with new data that is thrown away, run a command (with the variables
    /// LINKPULSE_E2E_URL, _EMAIL and _PASSWORD), stop everything, exit as the command did
    #[arg(long, hide = true, requires = "command", conflicts_with = "check")]
    run: bool,

    #[arg(hide = true, trailing_var_arg = true, requires = "run")]
    command: Vec<String>,
}

/// Starts, proves itself, keeps running as long as wanted, stops.
pub(crate) async fn run(arguments: Arguments, dir: &Path) -> anyhow::Result<ExitCode> {
    let output = Output::new();
    let mut signals = Signals::watch()?;
    let folder = match arguments.run {
        true => StateFolder::throw_away()?,
        false => StateFolder::open(dir)?,
    };
    let mut state = State::load_or_new(&folder)?;
    let mut plan = Plan::new(folder.path(), &state)?;
    output.line(output.paint(
        Style::Bold,
        concat!("LinkPulse ", env!("CARGO_PKG_VERSION")),
    ));
    folder.announce(output);
    plan.announce(output);

    let mut programs = Programs::default();
    let started = tokio::select! {
        started = start(&arguments, &folder, &mut state, &mut plan, &mut programs, output) => {
            Some(started)
        }
        () = signals.next() => None,
    };
    let outcome = match started {
        Some(Ok(Next::KeepRunning)) => {
            let kept = supervise::keep_running(&mut programs, signals.next(), output).await;
            // Below the `^C` of the terminal, and apart from what was said while it ran.
            output.line("");
            kept.map(|()| ExitCode::SUCCESS)
        }
        Some(Ok(Next::Stop(exit_code))) => Ok(exit_code),
        Some(Err(error)) => Err(error),
        // Before it was up; whoever waited for that did not get it.
        None => Ok(ExitCode::FAILURE),
    };
    let stopped = stop::everything(programs, &mut signals, output).await;
    let exit_code = outcome?;
    stopped?;
    if arguments.check && exit_code == ExitCode::SUCCESS {
        output.line(output.paint(Style::Good, "Everything works."));
    }
    Ok(exit_code)
}

/// What to do when everything runs.
enum Next {
    KeepRunning,
    Stop(ExitCode),
}

async fn start(
    arguments: &Arguments,
    folder: &StateFolder,
    state: &mut State,
    plan: &mut Plan,
    programs: &mut Programs,
    output: Output,
) -> anyhow::Result<Next> {
    let databases = launch::everything(folder, state, plan, programs, output).await?;
    let is_first = databases.first_user().await?.is_none();
    let first_link = match arguments.no_link {
        true => None,
        false => proof::prove(&databases, plan, is_first, output).await?,
    };
    let account = account::find_or_make(&databases, &arguments.email, output).await?;
    databases.close().await;

    if arguments.run {
        let status = run_command::run(&arguments.command, plan, &account, output).await?;
        return Ok(Next::Stop(run_command::exit_code_of(status)));
    }
    if arguments.check {
        output.line("");
        welcome::print_account(&account, output);
        output.line("");
        return Ok(Next::Stop(ExitCode::SUCCESS));
    }
    welcome::print(plan, &account, first_link.as_deref(), folder, output);
    Ok(Next::KeepRunning)
}
