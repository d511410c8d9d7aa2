//! Why the proxy could not start, or had to stop.

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What ends the process. Failures of single requests never get here: they become an answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A port is taken, or may not be used: free it, or choose another address.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: std::net::SocketAddr,
        /// What the system answered.
        source: std::io::Error,
    },
    /// The folder for data cannot be made: choose another.
    #[error("cannot use the folder {path} that LINKPULSE_DATA_DIR names")]
    DataDir {
        /// Which one.
        path: std::path::PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// A client library refused its settings: a bug, since they were checked.
    #[error("cannot set up {what}: {reason}")]
    SetUp {
        /// Which client.
        what: &'static str,
        /// What it said.
        reason: String,
    },
    /// A part of the proxy ended by itself, or did not end when asked to.
    #[error(transparent)]
    Failed(#[from] service::lifecycle::Failure),
}

impl Error {
    /// For `map_err`: adds what was being set up.
    pub(crate) fn set_up<E: std::fmt::Display>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::SetUp {
            what,
            reason: error.to_string(),
        }
    }
}
