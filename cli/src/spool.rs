//! `linkpulse spool`: what waits in a proxy's files. Works beside a proxy that runs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use service::Environment;
use service::settings::DATA_DIR;
use spool::inspect::{Content, End, Inspected, inspect};

use crate::installation;
use crate::output::{Output, Style};

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show the files of the spool, and what of their clicks is not committed yet
    Inspect {
        /// The spool's folder; found out when absent: `spool` in LINKPULSE_DATA_DIR
        folder: Option<PathBuf>,
    },
}

/// Runs it. Exit code 1 when something in there cannot be read.
pub(crate) fn run(command: Command, dir: &Path) -> anyhow::Result<ExitCode> {
    let Command::Inspect { folder } = command;
    let folder = match folder {
        Some(folder) => folder,
        None => {
            let lookup = installation::find(dir);
            let get = |name: &str| lookup.get(name);
            let data_dir: String = Environment::new(&get).required(&DATA_DIR)?;
            PathBuf::from(data_dir).join("spool")
        }
    };
    let inspected = inspect(&folder);
    let inspected = inspected.with_context(|| format!("cannot look into {}", folder.display()))?;
    Ok(show(&inspected, &folder))
}

fn show(inspected: &[Inspected], folder: &Path) -> ExitCode {
    let output = Output::new();
    let mut is_whole = true;
    let (mut clicks, mut bytes) = (0, 0);
    for Inspected { path, content } in inspected {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match content {
            Ok(content) => {
                is_whole &= content.lost == 0 && content.end != End::Damaged;
                clicks += content.clicks + content.unsealed + content.tallied + content.in_gap;
                bytes += content.size;
                output.line(format_args!("{name}\n  {}", describe(content)));
            }
            Err(reason) => {
                is_whole = false;
                output.line(format_args!(
                    "{name}\n  {}",
                    output.paint(Style::Bad, reason)
                ));
            }
        }
    }
    let files = inspected.len();
    output.line(format_args!(
        "{}: {files} files, {:.1} MiB, {clicks} clicks",
        folder.display(),
        bytes as f64 / f64::from(1 << 20),
    ));
    match is_whole {
        true => ExitCode::SUCCESS,
        false => {
            let advice = "Damaged files stay where they are; everything readable in them is sent.";
            output.line(output.paint(Style::Bad, advice));
            ExitCode::FAILURE
        }
    }
}

fn describe(content: &Content) -> String {
    let mut parts = vec![
        match content.is_in_use {
            true => "in use".to_owned(),
            false => "left behind".to_owned(),
        },
        format!(
            "{} of {} blocks committed",
            content.acknowledged, content.blocks
        ),
        format!("{} clicks", content.clicks),
    ];
    if content.unsealed > 0 {
        parts.push(format!("{} more in an open block", content.unsealed));
    }
    if content.tallied > 0 {
        parts.push(format!("{} counted without detail", content.tallied));
    }
    if content.in_gap > 0 {
        parts.push(format!("{} in a gap", content.in_gap));
    }
    if content.lost > 0 {
        parts.push(format!("{} blocks damaged", content.lost));
    }
    parts.push(match content.end {
        End::Open => format!("{} % full", content.filled * 100 / content.size.max(1)),
        End::Closed => "closed".to_owned(),
        End::Damaged => "damaged behind that".to_owned(),
    });
    if let Some(created_at) = content.created_at.to_datetime() {
        parts.push(format!(
            "made {}",
            created_at.replace_nanosecond(0).unwrap_or(created_at)
        ));
    }
    parts.join(", ")
}
