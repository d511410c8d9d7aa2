//! The end of everything that we started.

use std::time::{Duration, Instant};

use anyhow::Context;

use super::program::Programs;
use super::service::describe;
use super::signals::Signals;
use crate::output::{Output, Style};

/// A second signal so soon is the same wish: `kill` of a process group and a `make` that passes
/// signals on send two at once.
const SAME_WISH: Duration = Duration::from_millis(300);

/// What shells say of a process that Ctrl-C ended.
const EXIT_KILLED: i32 = 130;

/// Stops all programs in order. Bounded, because each of them is. A second signal ends the wait:
/// the kernel then ends the programs, see `local_servers`.
pub(crate) async fn everything(
    mut programs: Programs,
    signals: &mut Signals,
    output: Output,
) -> anyhow::Result<()> {
    if programs.0.is_empty() {
        return Ok(());
    }
    let begun = Instant::now();
    let names: Vec<_> = programs
        .0
        .iter()
        .rev()
        .map(|program| program.name())
        .collect();
    let step = output.begin(&format!("Stopping {}", names.join(", ")));
    let mut stopping = tokio::task::spawn_blocking(move || {
        let mut troubles = Vec::new();
        while let Some(mut program) = programs.0.pop() {
            // Who has ended before was talked about then.
            if let Ok(Some(_)) = program.exit() {
                continue;
            }
            let name = program.name();
            match program.stop() {
                Ok(Some(status)) if !status.success() => {
                    troubles.push(format!("{name} did not end well: {}", describe(status)));
                }
                Ok(_) => {}
                Err(error) => troubles.push(format!("{name} did not end: {error:#}")),
            }
        }
        troubles
    });
    let troubles = loop {
        tokio::select! {
            troubles = &mut stopping => break troubles.context("stopping failed")?,
            () = signals.next() => if begun.elapsed() > SAME_WISH {
                step.end(Style::Bad, "killed after");
                std::process::exit(EXIT_KILLED);
            },
        }
    };
    step.end(Style::Dim, "done in");
    for trouble in troubles {
        output.line(output.paint(Style::Bad, format_args!("✗ {trouble}")));
    }
    Ok(())
}
