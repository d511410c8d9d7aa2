//! `linkpulse report`: what visitors report of links of all workspaces.

use std::path::Path;

use anyhow::bail;
use clap::Subcommand;
use control_plane::db::AnyReportRow;
use control_plane::operator;
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::installation;
use crate::output::{Output, Style, moment};
use crate::printable::printable;

/// What to do with reports.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// All that nobody has closed, the newest first
    List,
    /// Close some, when you have looked at them; taking the link down is `linkpulse link block`
    Close {
        /// Their ids, rep_…, as `report list` prints them
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

/// Does it.
pub(crate) async fn run(command: Command, dir: &Path) -> anyhow::Result<()> {
    let output = Output::new();
    let databases = installation::databases(dir, &installation::find(dir)).await?;
    match command {
        Command::List => list(&databases.links, output).await?,
        Command::Close { ids } => {
            for id in ids {
                let now = OffsetDateTime::now_utc();
                if !operator::close_report(&databases.links, &id, now).await? {
                    bail!("there is no open report {id}: see `linkpulse report list`");
                }
                output.line(format_args!("{id} is closed."));
            }
        }
    }
    databases.close().await;
    Ok(())
}

async fn list(pool: &PgPool, output: Output) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let page = operator::open_reports(pool, after.as_ref()).await?;
        if page.reports.is_empty() && after.is_none() {
            output.line(output.paint(Style::Good, "There are no open reports."));
        }
        for (id, report) in &page.reports {
            show(id, report, output);
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Two or three lines of the list. What the visitor says, and how the workspace calls itself, may be
/// anything.
fn show(id: &str, report: &AnyReportRow, output: Output) {
    let at = moment(report.reported_at);
    let address = format!("{}/{}", report.domain, report.code);
    let address = output.paint(Style::Bold, address);
    output.line(format_args!("{id}  {at}  {}  {address}", report.reason));
    let workspace = printable(&report.workspace);
    let down = match report.is_blocked {
        true => ", and is taken down",
        false => "",
    };
    output.line(format_args!("    belongs to {workspace}{down}"));
    if let Some(detail) = &report.detail {
        output.line(format_args!("    says: {}", printable(detail)));
    }
}
