//! What can go wrong, and whether waiting helps.

use std::time::Duration;

use contract::DecodeError;
use service::lifecycle::Failure;

/// An error of the pipeline.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL refused, or did not answer.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// PostgreSQL took longer than a write may take. Whether it happened is unknown.
    #[error("database: no answer within {0:?}")]
    Overdue(Duration),
    /// The tables are missing.
    #[error("the analytics database has no table clicks: run `linkpulse migrate`")]
    NotMigrated,
    /// The migrations failed.
    #[error("migration failed: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The engine that was asked for is not there, and why.
    #[error("{0}")]
    EngineUnavailable(String),
    /// Redis refused, or did not answer.
    #[error("redis: {0}")]
    Redis(#[from] redis::RedisError),
    /// Somebody else is doing the same.
    #[error("another {0} is running: wait until it has finished")]
    AlreadyRunning(&'static str),
    /// An entry cannot go back to where it came from.
    #[error("redis has no stream {0}: is this the Redis of that pipeline, and has a pipeline run?")]
    NoSuchStream(String),
    /// A newer release has labelled user agents, and knows better.
    #[error(
        "user agents were labelled by a newer release: run that release's `linkpulse reclassify`"
    )]
    LabelsAreNewer,
    /// An entry's content cannot be counted by this build.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A task of the service failed, or did not end in time.
    #[error(transparent)]
    Lifecycle(#[from] Failure),
}

/// A result of the pipeline.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether to wait and try the same again. If not, the entry itself is at fault, and stays at
    /// fault: it goes to the dead letters.
    ///
    /// In doubt the answer is yes. A missing table, a full disk or a wrong password is a person's
    /// work, and no reason to give up a single click.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Decode(DecodeError::Malformed { .. }) => false,
            Self::Database(error) => !is_about_the_data(error),
            _ => true,
        }
    }
}

/// SQLSTATE class 22, "data exception": the values are at fault. PostgreSQL's documentation,
/// appendix A.
fn is_about_the_data(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code.starts_with("22"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unreadable_entry_is_given_up() {
        let malformed = DecodeError::Malformed {
            what: "block",
            reason: "CRC".into(),
        };
        let newer = DecodeError::NewerVersion {
            found: 2,
            supported: 1,
        };
        assert!(!Error::Decode(malformed).is_transient());
        assert!(Error::Decode(newer).is_transient());
        assert!(Error::Database(sqlx::Error::PoolTimedOut).is_transient());
        assert!(Error::Overdue(Duration::from_secs(1)).is_transient());
        assert!(Error::NotMigrated.is_transient());
    }
}
