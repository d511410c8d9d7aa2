//! `linkpulse with-servers`: for our own tools that want a migrated database.
//!
//! The migrations are those in the source tree, read when the command runs: a program that was
//! built before a statement was changed is thereby good enough to check the changed statement,
//! which nothing can be built with until it is checked.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use local_servers::testing::ThrowAway;
use local_servers::{PostgresServer, RedisServer};
use service::settings::{ANALYTICS_DATABASE_URL, DATABASE_URL, REDIS_URL};
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};

/// Folder of migrations and name of their history, per owner.
const OWNERS: [(&str, &str); 2] = [
    ("control-plane/migrations", "_control_plane_migrations"),
    ("pipeline/migrations", "_pipeline_migrations"),
];

/// What to run.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The command and its arguments
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "COMMAND"
    )]
    command: Vec<String>,
}

/// Runs the command in the root of the source tree and exits as it did.
pub(crate) async fn run(Arguments { command }: Arguments) -> anyhow::Result<ExitCode> {
    let servers = tokio::task::spawn_blocking(|| {
        let postgres = ThrowAway::<PostgresServer>::postgres()?;
        postgres.create_database_if_missing("linkpulse")?;
        Ok::<_, local_servers::Error>((postgres, ThrowAway::<RedisServer>::redis()?))
    });
    let (postgres, redis) = servers.await??;
    let url = postgres.url_for("linkpulse");
    for (folder, history) in OWNERS {
        migrate(&url, folder, history).await?;
    }

    let (program, arguments) = command.split_first().context("no command")?;
    let status = tokio::process::Command::new(program)
        .args(arguments)
        .env(DATABASE_URL.name, &url)
        .env(REDIS_URL.name, redis.url())
        .env_remove(ANALYTICS_DATABASE_URL.name)
        .status()
        .await
        .with_context(|| format!("cannot run {program}"))?;
    // Stopping waits for the servers; nothing else is left to be done on this thread.
    drop((postgres, redis));
    Ok(crate::up::exit_code_of(status))
}

async fn migrate(url: &str, folder: &str, history: &'static str) -> anyhow::Result<()> {
    let migrator = Migrator::new(Path::new(folder)).await;
    let mut migrator = migrator.with_context(|| {
        format!("cannot read {folder}: run this in the root of the source tree")
    })?;
    migrator.dangerous_set_table_name(history);
    let mut connection = PgConnection::connect(url).await?;
    let migrated = migrator.run(&mut connection).await;
    migrated.with_context(|| format!("cannot migrate with {folder}"))?;
    connection.close().await?;
    Ok(())
}
