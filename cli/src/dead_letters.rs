//! `linkpulse dead-letters`: stream entries that could not be counted.

mod choice;
mod show;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Subcommand;
use pipeline::dead_letter::{self, Fate, Letter};
use redis::aio::MultiplexedConnection;
use service::env::SecretUrl;
use service::{Environment, RedisAddress, RedisNodes, settings};

use crate::database::Databases;
use crate::installation;
use crate::lookup::Lookup;
use crate::output::{Output, Style};

/// What to do with them.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// All there are, the oldest first
    List,
    /// One of them: what is in it, and whether this release could count it
    Show {
        /// Its id, as `dead-letters list` prints it
        id: String,
    },
    /// Send them back to the pipeline; each stays until it is counted
    Replay {
        /// Their ids, as `dead-letters list` prints them
        #[arg(
            required_unless_present = "all",
            conflicts_with = "all",
            value_name = "ID"
        )]
        ids: Vec<String>,
        /// All there are
        #[arg(long)]
        all: bool,
        /// Seconds to wait until a pipeline has counted one
        #[arg(long, default_value_t = 15, value_name = "SECONDS")]
        wait: u64,
    },
}

/// Does it. Exit code 1 if something that was to be replayed is not counted in the end.
pub(crate) async fn run(command: Command, dir: &Path) -> anyhow::Result<ExitCode> {
    let lookup = installation::find(dir);
    let databases = installation::databases(dir, &lookup).await?;
    let exit_code = match command {
        Command::List => list(&databases).await?,
        Command::Show { id } => {
            let letter = choice::one(&databases.analytics, &id).await?;
            show::letter(&letter, Output::new());
            ExitCode::SUCCESS
        }
        Command::Replay { ids, all, wait } => {
            let ids = (!all).then_some(ids);
            replay(&databases, &lookup, ids, Duration::from_secs(wait)).await?
        }
    };
    databases.close().await;
    Ok(exit_code)
}

async fn list(databases: &Databases) -> anyhow::Result<ExitCode> {
    let output = Output::new();
    let letters = Letter::list(&databases.analytics).await?;
    if letters.is_empty() {
        output.line(output.paint(Style::Good, "There are no dead letters."));
    }
    for letter in &letters {
        show::summary(letter, output);
    }
    Ok(ExitCode::SUCCESS)
}

async fn replay(
    databases: &Databases,
    lookup: &Lookup,
    ids: Option<Vec<String>>,
    mut patience: Duration,
) -> anyhow::Result<ExitCode> {
    let output = Output::new();
    let pool = &databases.analytics;
    let chosen = choice::some(pool, ids.as_deref()).await?;
    let address = address(lookup)?;
    let mut left = 0;
    for (stream, stream_id) in &chosen {
        // Gone meanwhile: somebody else is replaying, too.
        let Some(letter) = Letter::find(pool, stream, stream_id).await? else {
            continue;
        };
        let mut redis = connect(&address, stream).await?;
        let fate = dead_letter::replay(pool, &mut redis, &letter, patience).await;
        let fate = fate.with_context(|| format!("{stream_id} stays a dead letter"))?;
        match &fate {
            Fate::Counted { .. } | Fate::CountedBefore => {}
            // Nobody counts: the others need not wait for it, too.
            Fate::Sent => (left, patience) = (left + 1, Duration::ZERO),
            Fate::Unreadable(_) | Fate::Conflict => left += 1,
        }
        show::fate(stream_id, &fate, output);
    }
    let counted = format!("{} of {} counted.", chosen.len() - left, chosen.len());
    match left {
        0 => output.line(output.paint(Style::Good, counted)),
        _ => output.line(output.paint(Style::Bad, counted)),
    }
    Ok(ExitCode::from(u8::from(left > 0)))
}

fn address(lookup: &Lookup) -> anyhow::Result<RedisAddress> {
    let get = |name: &str| lookup.get(name);
    let SecretUrl(url) = Environment::new(&get).required(&settings::REDIS_URL)?;
    RedisAddress::parse(&url).map_err(|expected| anyhow!("REDIS_URL: expected {expected}"))
}

/// To the server that has the stream.
async fn connect(address: &RedisAddress, stream: &str) -> anyhow::Result<MultiplexedConnection> {
    let connecting = async {
        let client = RedisNodes::look(address).await?.client_for(stream)?;
        client.get_multiplexed_async_connection().await
    };
    let connection: redis::RedisResult<_> = connecting.await;
    connection.context("cannot use the Redis that REDIS_URL names")
}
