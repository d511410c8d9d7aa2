//! `linkpulse key`: API keys.

use std::path::Path;

use anyhow::{Context, bail};
use clap::Subcommand;
use control_plane::accounts;
use control_plane::auth::Scope;
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
        /// What it may do: read, write, create-only, analytics, admin; may be given several times.
        /// Without it: read, write, analytics
        #[arg(long = "scope", value_parser = scope)]
        scopes: Vec<Scope>,
    },
    /// End an API key
    Revoke {
        /// Its identity, key_…, as `key create` printed it
        id: String,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    let unknown = |_| "choose from read, write, create-only, analytics and admin".to_owned();
    Scope::parse(text).map_err(unknown)
}

/// Does it.
pub(crate) async fn run(command: Command, dir: &Path) -> anyhow::Result<()> {
    let output = Output::new();
    let now = OffsetDateTime::now_utc();
    let lookup = installation::find(dir);
    match command {
        Command::Create { name, mut scopes } => {
            if scopes.is_empty() {
                scopes = accounts::USUAL_SCOPES.to_vec();
            }
            let databases = installation::databases(dir, &lookup).await?;
            let mut random = rand::rng();
            let made = accounts::create_key(&databases.links, &name, &scopes, &mut random, now);
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
