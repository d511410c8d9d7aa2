//! What people see. Colours only on a terminal, and never a panic because nobody reads any more
//! (`println!` panics when its reader is gone, which would take the whole system down with it).

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::Context;
use time::OffsetDateTime;
use time::macros::format_description;

/// Standard output, with or without colours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    is_coloured: bool,
}

/// How a piece of text looks on a terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Style {
    /// What matters.
    Bold,
    /// What is there for the record.
    Dim,
    /// All is well.
    Good,
    /// Something is not.
    Bad,
}

impl Output {
    /// Coloured on a terminal, unless its owner does not want that (<https://no-color.org>).
    pub(crate) fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let able = std::env::var_os("TERM").is_some_and(|terminal| terminal != "dumb");
        Self {
            is_coloured: io::stdout().is_terminal() && wanted && able,
        }
    }

    /// The text in a style, or just the text.
    pub(crate) fn paint(self, style: Style, text: impl Display) -> String {
        let code = match style {
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Good => "32",
            Style::Bad => "31",
        };
        match self.is_coloured {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_string(),
        }
    }

    /// Prints a line.
    pub(crate) fn line(self, text: impl Display) {
        self.print(format_args!("{text}\n"));
    }

    /// Does one step and prints what it is, whether it worked, and how long it took. Its error
    /// names it.
    pub(crate) async fn step<T>(
        self,
        what: &str,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let step = self.begin(what);
        let result = work.await;
        match &result {
            Ok(_) => step.end(Style::Dim, "done in"),
            Err(_) => step.end(Style::Bad, "failed after"),
        }
        result.with_context(|| format!("{what}: failed"))
    }

    /// Announces something that takes a moment.
    pub(crate) fn begin(self, what: &str) -> Step {
        self.print(format_args!("{} {what} … ", self.paint(Style::Good, "▸")));
        Step {
            output: self,
            begun: Instant::now(),
            is_open: true,
        }
    }

    fn print(self, text: impl Display) {
        let mut stdout = io::stdout().lock();
        let _ = write!(stdout, "{text}").and_then(|()| stdout.flush());
    }
}

/// An announced step. Its line ends when it is dropped, at the latest.
pub(crate) struct Step {
    output: Output,
    begun: Instant,
    is_open: bool,
}

impl Step {
    /// Ends the line: `how` and the time since the announcement.
    pub(crate) fn end(mut self, style: Style, how: &str) {
        self.is_open = false;
        let took = seconds(self.begun.elapsed());
        let text = self.output.paint(style, format_args!("{how} {took}"));
        self.output.line(text);
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if self.is_open {
            self.output
                .line(self.output.paint(Style::Dim, "interrupted"));
        }
    }
}

/// A duration as people say it.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ ..100 => format!("{millis} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

/// A moment as people say it, to the minute.
pub(crate) fn moment(moment: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    moment.format(format).unwrap_or_default()
}

/// Prints a document. A reader who has seen enough (`linkpulse settings | head`) is no failure.
pub(crate) fn document(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}
