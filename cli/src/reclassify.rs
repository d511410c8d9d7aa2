//! `linkpulse reclassify`: what counts as a click, by today's classifier.

use std::path::Path;

use clap::Args;
use pipeline::Progress;
use time::Date;
use time::macros::format_description;

use crate::installation;
use crate::output::{Output, Style};

/// Which part of the past.
#[derive(Args)]
pub(crate) struct Arguments {
    /// First day whose counts are corrected, in UTC; all days that have clicks, unless said.
    /// User agents are labelled anew in any case
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    since: Option<Date>,
}

fn day(text: &str) -> Result<Date, &'static str> {
    let format = format_description!("[year]-[month]-[day]");
    Date::parse(text, format).map_err(|_| "a day is written as 2027-01-31")
}

/// Labels user agents anew and corrects the counts that follow from them, a line per day.
pub(crate) async fn run(Arguments { since }: Arguments, dir: &Path) -> anyhow::Result<()> {
    let lookup = installation::find(dir);
    let databases = installation::databases(dir, &lookup).await?;
    let output = Output::new();
    let report = |progress| match progress {
        Progress::Labelled { agents, changed } => output.line(format_args!(
            "{agents} user agents, {changed} of them labelled anew"
        )),
        Progress::Counted {
            day,
            position,
            of,
            corrected,
        } => output.line(format_args!(
            "{} {day}: {corrected} counts corrected",
            output.paint(Style::Dim, format_args!("{position}/{of}"))
        )),
    };
    pipeline::reclassify(&databases.analytics, since, report).await?;
    databases.close().await;
    output.line(output.paint(Style::Good, "Counts are what clicks add up to."));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_days() {
        assert!(day("2026-11-22").is_ok());
        for wrong in ["2026-02-30", "yesterday", "22.11.2026", "2026-11-22T00:00"] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }
}
