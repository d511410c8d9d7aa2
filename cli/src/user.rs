//! `linkpulse user`: people who may sign in.

use std::io;
use std::path::Path;

use anyhow::Context;
use clap::Subcommand;
use time::OffsetDateTime;

use crate::output::Output;
use crate::{installation, password};

/// What to do with users.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add a user who owns the workspace
    Create {
        /// E-mail address to sign in with
        #[arg(long)]
        email: String,
        /// Read the password from standard input instead of making one
        #[arg(long)]
        password_stdin: bool,
    },
}

/// Does it.
pub(crate) async fn run(command: Command, dir: &Path) -> anyhow::Result<()> {
    let Command::Create {
        email,
        password_stdin,
    } = command;
    let own = match password_stdin {
        true => Some(io::read_to_string(io::stdin()).context("cannot read the password")?),
        false => None,
    };
    let password = match &own {
        Some(typed) => typed.trim_end_matches(['\r', '\n']).to_owned(),
        None => password::generate(),
    };

    let databases = installation::databases(dir, &installation::find(dir)).await?;
    let now = OffsetDateTime::now_utc();
    let created =
        control_plane::accounts::create_owner(&databases.links, &email, password.clone(), now);
    created.await.map_err(in_words)?;
    databases.close().await;

    let output = Output::new();
    output.line(format_args!("{email} may sign in."));
    if own.is_none() {
        output.line(format_args!(
            "Password (shown once, so note it): {password}"
        ));
    }
    Ok(())
}

/// The fields of a refused request, which here are the arguments.
pub(crate) fn in_words(error: control_plane::Error) -> anyhow::Error {
    match error {
        control_plane::Error::Invalid(fields) => {
            let reasons = fields
                .iter()
                .map(|error| format!("{}: {}", error.field, error.message));
            anyhow::anyhow!(reasons.collect::<Vec<_>>().join("; "))
        }
        other => other.into(),
    }
}
