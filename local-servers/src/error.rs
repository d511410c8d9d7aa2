//! Why a server could not be started, asked or stopped.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, by what the reader can do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program is missing: install the package that is named.
    #[error("{program} is not installed; on Debian or Ubuntu: apt-get install {package}")]
    NotInstalled {
        /// The server that is missing.
        program: &'static str,
        /// The package that brings it.
        package: &'static str,
    },
    /// The data was made by another major version: install that version, or remove the folder.
    #[error("the data in {} needs PostgreSQL {wanted}; on Debian or Ubuntu: apt-get install postgresql-{wanted}", folder.display())]
    VersionMissing {
        /// The folder that holds the data.
        folder: PathBuf,
        /// The major version that can read it.
        wanted: String,
    },
    /// Root must hand PostgreSQL to an ordinary account, and there is none.
    #[error("PostgreSQL refuses to run as root, and there is no account `postgres` to run it as")]
    NoAccount,
    /// Root hands PostgreSQL to an account that cannot reach the folder: take another folder,
    /// see [`usable_state_dir`](crate::usable_state_dir).
    #[error("PostgreSQL runs as the account `{account}`, which cannot enter {}", folder.display())]
    FolderNotEnterable {
        /// The folder that was asked for.
        folder: PathBuf,
        /// The account that cannot enter it.
        account: String,
    },
    /// Another server works in the same folder, and did not go away.
    #[error("another server is running in {}", folder.display())]
    FolderInUse {
        /// The folder that was asked for.
        folder: PathBuf,
    },
    /// Something else listens on the port: choose another one.
    #[error("port {port} of 127.0.0.1 is taken")]
    PortTaken {
        /// The port that was asked for.
        port: u16,
    },
    /// The data in the folder was made with another password.
    #[error("{server} refuses the password: its folder was made with another one")]
    WrongPassword {
        /// The server that refused.
        server: &'static str,
    },
    /// Passwords travel in addresses and files, so that only plain characters are allowed.
    #[error("a password needs 8 to 128 letters, digits, hyphens or underscores")]
    UnsuitablePassword,
    /// The server ended before it answered.
    #[error("{server} ended while it was starting; the end of {}:\n{tail}", log.display())]
    EndedEarly {
        /// The server that ended.
        server: &'static str,
        /// Its log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// The server runs and does not answer.
    #[error("{server} did not answer within {limit:?}; the end of {}:\n{tail}", log.display())]
    Silent {
        /// The server that was asked.
        server: &'static str,
        /// How long it was waited for.
        limit: Duration,
        /// Its log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// A helper program (`initdb`, `psql`) reported a failure.
    #[error("{program} failed: {output}")]
    Failed {
        /// The program.
        program: &'static str,
        /// What it printed.
        output: String,
    },
    /// The operating system refused something.
    #[error("cannot {action}")]
    Io {
        /// What was tried.
        action: String,
        /// What the system answered.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: adds what was tried.
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Io {
            action: action.into(),
            source,
        }
    }

    /// For `map_err`: adds what was tried, and where.
    pub(crate) fn path(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        Error::io(format!("{verb} {}", path.display()))
    }
}
