use time::OffsetDateTime;

/// Who does what is done on the command line.
pub const COMMAND_LINE: &str = "cli";

/// Who does something, and when.
#[derive(Debug, Clone)]
pub struct Cause<'a> {
    /// What is done.
    pub action: Action,
    /// `usr_…`, `key_…`, or the part of the system that does it by itself.
    pub actor: &'a str,
    /// Now.
    pub at: OffsetDateTime,
}

/// What is done to a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It was made.
    Created,
    /// It was edited.
    Updated,
    /// It went into the bin.
    Deleted,
    /// It came back from there.
    Restored,
    /// It got the fields of an older version.
    RolledBack,
    /// It was taken down.
    Blocked,
    /// It was put up again.
    Unblocked,
}

impl Action {
    /// Its name in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "link.created",
            Self::Updated => "link.updated",
            Self::Deleted => "link.deleted",
            Self::Restored => "link.restored",
            Self::RolledBack => "link.rolled_back",
            Self::Blocked => "link.blocked",
            Self::Unblocked => "link.unblocked",
        }
    }
}
