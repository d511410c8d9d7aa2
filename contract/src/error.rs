//! Why bytes from another process could not be understood.

/// A value that crossed a process boundary could not be decoded.
///
/// The two kinds call for opposite reactions, so they are never merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Written by a newer release. Keep it: an upgraded process will understand it.
    #[error("format version {found} is newer than {supported}, the newest understood here")]
    NewerVersion {
        /// The version the value carries.
        found: u32,
        /// The newest version this build reads.
        supported: u32,
    },
    /// Damaged, or not ours. It will never become readable.
    #[error("malformed {what}: {reason}")]
    Malformed {
        /// Which value was being read.
        what: &'static str,
        /// What was wrong with it.
        reason: String,
    },
}

impl DecodeError {
    pub(crate) fn malformed(what: &'static str, reason: impl ToString) -> Self {
        Self::Malformed {
            what,
            reason: reason.to_string(),
        }
    }
}
