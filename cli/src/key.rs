//! `linkpulse key`: API keys.

use std::path::Path;

use anyhow::{Context, bail};
use clap::Subcommand;
use control_plane::accounts;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::installation;
use crate::output::Output;
use crate::user::in_words;

/// What the identity of a key begins with, where people see it.
const PREFIX: &str = "key_";

/// What to do with API keys.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make an API key; it is shown once
    Create {
        /// What it is for, to tell keys apart
        #[arg(long)]
        name: String,
    },
    /// End an API key
    Revoke {
        /// Its identity, key_…, as `key create` printed it
        id: String,
    },
}

/// Does it.
pub(crate) async fn run(command: Command, dir: &Path) -> anyhow::Result<()> {
    let output = Output::new();
    let now = OffsetDateTime::now_utc();
    let lookup = installation::find(dir);
    match command {
        Command::Create { name } => {
            let databases = installation::databases(dir, &lookup).await?;
            let mut random = rand::rng();
            let made = accounts::create_key(&databases.links, &name, &mut random, now);
            let made = made.await.map_err(in_words)?;
            databases.close().await;
            output.line(format_args!(
                "API key (shown once, so note it): {}",
                made.key.expose()
            ));
            let id = contract::id::encode(PREFIX, made.id.as_u128());
            output.line(format_args!("To end it: linkpulse key revoke {id}"));
        }
        Command::Revoke { id } => {
            let parsed = contract::id::decode(PREFIX, &id).map(Uuid::from_u128);
            let key = parsed.with_context(|| format!("{id:?} is not the identity of a key"))?;
            let databases = installation::databases(dir, &lookup).await?;
            let was_there = accounts::revoke_key(&databases.links, key, now).await?;
            databases.close().await;
            if !was_there {
                bail!("there is no key {id}, or it has been ended already");
            }
            output.line(format_args!("{id} is ended."));
        }
    }
    Ok(())
}
