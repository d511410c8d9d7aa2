//! `linkpulse link`: links of all workspaces, for whoever runs the installation.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use clap::Subcommand;
use control_plane::operator::{self, Address, Found, Hosts};
use service::settings::BLOCKLIST;
use time::OffsetDateTime;

use crate::installation;
use crate::lookup::Lookup;
use crate::output::{Output, Style, moment};
use crate::printable::printable;

/// What to do with a link.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Whose it is, where it leads, and what is reported of it
    Show {
        /// https://go.example.com/abc, go.example.com/abc or lnk_…
        #[arg(value_name = "ADDRESS")]
        address: Address,
    },
    /// Take it down: visitors get 451, and its workspace cannot put it up again
    Block {
        /// https://go.example.com/abc, go.example.com/abc or lnk_…
        #[arg(value_name = "ADDRESS")]
        address: Address,
        /// Why; its owners are told when they try to put it up again
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Put it up again, whoever took it down; not while LINKPULSE_BLOCKLIST has its target
    Unblock {
        /// https://go.example.com/abc, go.example.com/abc or lnk_…
        #[arg(value_name = "ADDRESS")]
        address: Address,
    },
}

/// Does it.
pub(crate) async fn run(command: Command, dir: &Path) -> anyhow::Result<()> {
    let output = Output::new();
    let now = OffsetDateTime::now_utc();
    let lookup = installation::find(dir);
    let databases = installation::databases(dir, &lookup).await?;
    let pool = &databases.links;
    match command {
        Command::Show { address } => {
            let found = operator::find_link(pool, &address, now).await;
            show(&found.map_err(|error| in_words(error, &address))?, output);
        }
        Command::Block { address, reason } => {
            let down = operator::take_down(pool, &address, reason.as_deref(), now).await;
            let link = down.map_err(|error| in_words(error, &address))?;
            output.line(format_args!(
                "{}/{} is taken down. Proxies hear of it from the control plane, within a second.",
                link.domain, link.code
            ));
        }
        Command::Unblock { address } => {
            let listed = blocklist(&lookup)?;
            let up = operator::put_up(pool, &address, &listed, now).await;
            let link = up.map_err(|error| in_words(error, &address))?;
            output.line(format_args!(
                "{}/{} is not taken down any more.",
                link.domain, link.code
            ));
        }
    }
    databases.close().await;
    Ok(())
}

fn show(Found { link, case, status }: &Found, output: Output) {
    let address = format!("{}/{}", link.domain, link.code);
    let address = output.paint(Style::Bold, address);
    output.line(format_args!("{address}  {}", contract::LinkId(link.id)));
    let line = |name: &str, text: &str| output.line(format_args!("    {name:<13} {text}"));
    line("workspace", &printable(&case.workspace));
    line("state", status);
    line("leads to", &printable(&link.original_url));
    for target in link.options().targets() {
        line("also names", &printable(target));
    }
    let maker = link.created_by.as_deref().map(printable);
    let maker = maker.map_or_else(String::new, |maker| format!(" by {maker}"));
    line("made", &format!("{}{maker}", moment(link.created_at)));
    if let Some(at) = case.taken_down_at {
        let reason = case.reason.as_deref().map(printable);
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        line("taken down", &format!("{}{reason}", moment(at)));
    }
    line("open reports", &case.open_reports.to_string());
}

/// The installation's list, if the environment names it. What it has must not be put up again: the
/// control plane looks at all links only when the file changes.
fn blocklist(lookup: &Lookup) -> anyhow::Result<Hosts> {
    let Some(path) = lookup.get(BLOCKLIST.name) else {
        return Ok(Hosts::default());
    };
    let bytes = fs::read(&path).with_context(|| format!("cannot read the blocklist {path}"))?;
    Ok(Hosts::read(&String::from_utf8_lossy(&bytes)))
}

fn in_words(error: control_plane::Error, address: &Address) -> anyhow::Error {
    match error {
        control_plane::Error::NotFound(_) => anyhow!("there is no link {address}"),
        other => crate::user::in_words(other),
    }
}
