//! What the click table lies on, and the migrations that decide it.

use std::fmt;
use std::str::FromStr;

use service::env;
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgExecutor, PgPool};

use crate::{Error, Result};

/// Where the history of our migrations is kept. The control plane's may be beside it.
const HISTORY: &str = "_pipeline_migrations";

/// SQLSTATE that our migration raises when the engine that was asked for is not there.
const ENGINE_UNAVAILABLE: &str = "LP001";

/// What the table `clicks` lies on. The same columns and the same answers either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Plain PostgreSQL: a partition per day.
    Postgres,
    /// A hypertable with a chunk per day.
    TimescaleDb,
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Postgres => "postgres",
            Self::TimescaleDb => "timescaledb",
        })
    }
}

/// What an operator asks for: `LINKPULSE_ANALYTICS_ENGINE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineChoice {
    /// TimescaleDB where it works, else plain PostgreSQL.
    #[default]
    Auto,
    /// Plain PostgreSQL, also where TimescaleDB would work.
    Postgres,
    /// TimescaleDB, or an error.
    TimescaleDb,
}

impl EngineChoice {
    /// How the choice is written in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Postgres => "postgres",
            Self::TimescaleDb => "timescaledb",
        }
    }
}

impl FromStr for EngineChoice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Auto, Self::Postgres, Self::TimescaleDb];
        let found = all.into_iter().find(|choice| choice.as_str() == text);
        found.ok_or("auto, postgres or timescaledb")
    }
}

impl env::Value for EngineChoice {
    fn parse(text: &str) -> Result<Self, &'static str> {
        text.parse()
    }
}

/// Brings the tables of the pipeline up to date. `choice` matters the first time only; later it is
/// what it is, and the answer says what.
///
/// # Errors
/// [`Error::EngineUnavailable`] if TimescaleDB was asked for and does not work here.
pub async fn migrate(pool: &PgPool, choice: EngineChoice) -> Result<Engine> {
    // Not the pool's connection any more: it carries a setting, and after a failed migration also
    // the lock against others that migrate.
    let mut connection = pool.acquire().await?.detach();
    sqlx::query_scalar!(
        "select set_config('linkpulse.engine', $1, false)",
        choice.as_str()
    )
    .fetch_one(&mut connection)
    .await?;
    let mut migrator: Migrator = sqlx::migrate!();
    migrator.dangerous_set_table_name(HISTORY);
    migrator.run(&mut connection).await.map_err(explained)?;
    let engine = detect_engine(&mut connection).await?;
    connection.close().await?;
    Ok(engine)
}

/// What the table `clicks` lies on in this database.
///
/// # Errors
/// [`Error::NotMigrated`] if there is no such table.
pub async fn detect_engine(executor: impl PgExecutor<'_>) -> Result<Engine> {
    let kind = sqlx::query_scalar!(
        r#"select relkind::text as "kind!" from pg_class where oid = to_regclass('clicks')"#
    )
    .fetch_optional(executor)
    .await?;
    // Our migration leaves two kinds: a partitioned table, and the ordinary one that is the root
    // of a hypertable.
    match kind.as_deref() {
        Some("p") => Ok(Engine::Postgres),
        Some("r") => Ok(Engine::TimescaleDb),
        _ => Err(Error::NotMigrated),
    }
}

fn explained(error: sqlx::migrate::MigrateError) -> Error {
    if let sqlx::migrate::MigrateError::ExecuteMigration(cause, _) = &error
        && let Some(cause) = cause.as_database_error()
        && cause.code().as_deref() == Some(ENGINE_UNAVAILABLE)
    {
        return Error::EngineUnavailable(cause.message().to_owned());
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_written_as_in_the_settings() {
        assert_eq!("timescaledb".parse(), Ok(EngineChoice::TimescaleDb));
        assert!("timescale".parse::<EngineChoice>().is_err());
        let default = service::settings::ANALYTICS_ENGINE.default.unwrap();
        assert_eq!(default.parse(), Ok(EngineChoice::default()));
    }
}
