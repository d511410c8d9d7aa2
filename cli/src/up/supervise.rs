//! Starts again what died.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::{JoinSet, spawn_blocking};
use tokio_util::sync::CancellationToken;

use super::program::{Program, Programs};
use super::service::describe;
use crate::http;
use crate::output::{Output, Style, seconds};

/// Between two looks at a program.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The pause before a restart doubles from the first to the second.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// So many restarts within [`WINDOW`] and the next death is the end.
const RESTARTS: usize = 10;

/// How long a restart is held against a program.
const WINDOW: Duration = Duration::from_secs(60);

/// Who dies so soon after a start shows the end of its log: the reason is likely there.
const RIGHT_AWAY: Duration = Duration::from_secs(3);

/// Restarts what dies, until `stop` or until something dies too often.
///
/// All programs are back in `programs` when it returns; it must not be dropped before.
pub(crate) async fn keep_running(
    programs: &mut Programs,
    stop: impl Future<Output = ()>,
    output: Output,
) -> anyhow::Result<()> {
    let stopping = CancellationToken::new();
    let mut tasks = JoinSet::new();
    for (position, program) in programs.0.drain(..).enumerate() {
        let stopping = stopping.clone();
        tasks.spawn(async move {
            let (program, result) = watch(program, &stopping, output).await;
            (position, program, result)
        });
    }
    let mut ended = Vec::new();
    tokio::select! {
        () = stop => {}
        // A task ends by itself only when it gives up.
        Some(first) = tasks.join_next() => ended.push(first),
    }
    stopping.cancel();
    while let Some(other) = tasks.join_next().await {
        ended.push(other);
    }

    let mut back = Vec::new();
    let mut outcome = Ok(());
    for task in ended {
        let (position, program, result) = task.context("the supervisor failed")?;
        back.push((position, program));
        outcome = outcome.and(result);
    }
    back.sort_by_key(|(position, _)| *position);
    programs.0 = back.into_iter().map(|(_, program)| program).collect();
    outcome
}

/// Keeps one program running. An error means that it cannot be helped.
async fn watch(
    mut program: Program,
    stopping: &CancellationToken,
    output: Output,
) -> (Program, anyhow::Result<()>) {
    let mut history = History::default();
    let mut started = Instant::now();
    loop {
        let ended = match program.exit() {
            Ok(ended) => ended,
            Err(error) => return (program, Err(error)),
        };
        let Some(status) = ended else {
            if is_cancelled_within(stopping, LOOK_AGAIN).await {
                return (program, Ok(()));
            }
            continue;
        };

        let name = program.name();
        let how = describe(status);
        let Some(pause) = history.died(Instant::now()) else {
            let error = anyhow::anyhow!(
                "{name} ended {} times within {WINDOW:?} (last: {how}): giving up",
                RESTARTS + 1
            );
            return (program, Err(error));
        };
        let text = format!("✗ {name} ended ({how}), restarting in {}", seconds(pause));
        output.line(output.paint(Style::Bad, text));
        if started.elapsed() < RIGHT_AWAY {
            show_log(&program, output);
        }
        if is_cancelled_within(stopping, pause).await {
            return (program, Ok(()));
        }

        started = Instant::now();
        let restart = spawn_blocking(move || {
            let result = program.restart();
            (program, result)
        });
        let result = match restart.await {
            Ok((back, result)) => {
                program = back;
                result
            }
            // Then the program is gone for good, and dropping it has stopped it.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        let result = match result {
            Ok(()) => wait_ready(&mut program, stopping).await,
            failed => failed,
        };
        if stopping.is_cancelled() {
            return (program, Ok(()));
        }
        match result {
            Ok(()) => {
                let took = seconds(started.elapsed());
                let text = format!("✓ {name} runs again after {took}");
                output.line(output.paint(Style::Good, text));
            }
            // That it ended, and what it said, is printed next.
            Err(_) if matches!(program, Program::Service(_)) && has_ended(&mut program) => {}
            Err(error) => {
                let text = format!("✗ {name} did not start again: {error:#}");
                output.line(output.paint(Style::Bad, text));
            }
        }
    }
}

fn has_ended(program: &mut Program) -> bool {
    matches!(program.exit(), Ok(Some(_)))
}

/// Servers are ready when their start returns.
async fn wait_ready(program: &mut Program, stopping: &CancellationToken) -> anyhow::Result<()> {
    let Program::Service(service) = program else {
        return Ok(());
    };
    let client = http::client()?;
    tokio::select! {
        result = service.wait_ready(&client) => result,
        () = stopping.cancelled() => Ok(()),
    }
}

fn show_log(program: &Program, output: Output) {
    if let Program::Service(service) = program {
        for line in service.log().tail() {
            output.line(output.paint(Style::Dim, format_args!("    {line}")));
        }
    }
}

async fn is_cancelled_within(stopping: &CancellationToken, limit: Duration) -> bool {
    let wait = tokio::time::timeout(limit, stopping.cancelled()).await;
    wait.is_ok()
}

/// When a program died lately.
#[derive(Default)]
struct History(VecDeque<Instant>);

impl History {
    /// How long to wait before the next start; `None` when it is time to give up.
    fn died(&mut self, now: Instant) -> Option<Duration> {
        self.0.retain(|moment| now.duration_since(*moment) < WINDOW);
        let before = self.0.len();
        if before >= RESTARTS {
            return None;
        }
        self.0.push_back(now);
        let doubled = PAUSE.0 * 2_u32.pow(u32::try_from(before).unwrap_or(u32::MAX).min(16));
        Some(doubled.min(PAUSE.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let mut history = History::default();
        let now = Instant::now();
        let pauses: Vec<_> = (0..=RESTARTS).map(|_| history.died(now)).collect();
        let millis: Vec<_> = pauses.iter().flatten().map(Duration::as_millis).collect();
        assert_eq!(
            millis,
            [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000]
        );
        assert_eq!(pauses.last(), Some(&None));
    }

    #[test]
    fn what_was_long_ago_is_forgotten() {
        let mut history = History::default();
        let now = Instant::now();
        for _ in 0..RESTARTS {
            history.died(now);
        }
        assert_eq!(history.died(now + WINDOW), Some(PAUSE.0));
    }
}
