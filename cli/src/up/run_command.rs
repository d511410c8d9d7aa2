//! `--run`: a command that wants a running system, such as the browser test.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use anyhow::{Context, bail};

use super::account::Account;
use super::plan::Plan;
use crate::output::Output;

/// Runs the command in the foreground.
pub(crate) async fn run(
    command: &[String],
    plan: &Plan,
    account: &Account,
    output: Output,
) -> anyhow::Result<ExitStatus> {
    let Account::New {
        email, password, ..
    } = account
    else {
        bail!("--run needs a database without users, to know a password");
    };
    let (program, arguments) = command.split_first().context("no command")?;
    output.line(format_args!("\n▸ {}", command.join(" ")));
    tokio::process::Command::new(program)
        .args(arguments)
        .env("LINKPULSE_E2E_URL", plan.public_url.as_str())
        .env("LINKPULSE_E2E_EMAIL", email)
        .env("LINKPULSE_E2E_PASSWORD", password)
        .kill_on_drop(true)
        .status()
        .await
        .with_context(|| format!("cannot run {program}"))
}

/// The exit code to pass on; as in a shell, 128 and more for a signal.
pub(crate) fn exit_code_of(status: ExitStatus) -> ExitCode {
    let code = match (status.code(), status.signal()) {
        (Some(code), _) => code,
        (None, Some(signal)) => 128 + signal,
        (None, None) => 1,
    };
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
