//! What `/internal/changes` answers: the feed, for a reader that cannot get it through Redis.

use crate::{Change, DecodeError, FeedMessage, Heartbeat};

/// Changes asked for at a time: about a megabyte.
pub const PAGE_LIMIT: u32 = 1_000;

/// Where the log stands, and the changes after a position.
///
/// On the wire: one feed message a line. The heartbeat comes first, so that its head is never
/// newer than the changes behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePage {
    /// The log's head, as the database has it. It knows nothing of Redis: no `redis_runs`.
    pub heartbeat: Heartbeat,
    /// Changes in order; where one cannot be understood, why.
    pub changes: Vec<Result<Change, DecodeError>>,
}

impl ChangePage {
    /// As lines.
    pub fn encode(heartbeat: Heartbeat, changes: impl IntoIterator<Item = Change>) -> String {
        let mut text = FeedMessage::Heartbeat(heartbeat).encode();
        for change in changes {
            text.push('\n');
            text.push_str(&FeedMessage::Change(change).encode());
        }
        text
    }

    /// Reads what any release so far has written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let first = FeedMessage::decode(lines.next().unwrap_or_default())?;
        let FeedMessage::Heartbeat(heartbeat) = first else {
            return Err(malformed("a page of changes begins with a heartbeat"));
        };
        let change = |line| match FeedMessage::decode(line)? {
            FeedMessage::Change(change) => Ok(change),
            FeedMessage::Heartbeat(_) => Err(malformed("a page of changes has one heartbeat")),
        };
        Ok(Self {
            heartbeat,
            changes: lines.map(change).collect(),
        })
    }
}

fn malformed(reason: &str) -> DecodeError {
    DecodeError::malformed("page of changes", reason)
}
