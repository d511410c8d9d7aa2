use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use contract::{Change, DecodeError, FeedMessage, Heartbeat, Keys};
use fred::interfaces::{KeysInterface, StreamsInterface};

use super::{ReadError, Session, Sessions};

/// A healthy Redis answers in a millisecond. From one that does not within this, nothing can be
/// learnt in time.
const PATIENCE: Duration = Duration::from_millis(400);

/// Entries of the change log read at a time: 300 KB or so.
const PAGE: u64 = 1_000;

/// The log of changes, for what the subscription did not bring.
pub(crate) struct ChangeLog {
    pub(crate) sessions: Sessions,
    pub(crate) keys: Keys,
}

/// An entry of the log.
#[derive(Debug)]
pub(crate) struct LogEntry {
    /// Its position.
    pub(crate) seq: u64,
    /// The change, or why it cannot be understood.
    pub(crate) change: Result<Change, DecodeError>,
}

impl ChangeLog {
    /// The heartbeat that this Redis keeps.
    pub(crate) async fn heartbeat(
        &self,
        session: &Session,
    ) -> Result<Option<Heartbeat>, ReadError> {
        let client = session.within(PATIENCE);
        let answer = client.get(self.keys.heartbeat()).await;
        let text: Option<Bytes> = session.heed(answer)?;
        match text.map(|text| FeedMessage::decode(&text)).transpose()? {
            Some(FeedMessage::Heartbeat(heartbeat)) => Ok(Some(heartbeat)),
            Some(FeedMessage::Change(_)) | None => Ok(None),
        }
    }

    /// The first entries after `seq`, in order; empty at the end.
    pub(crate) async fn after(
        &self,
        session: &Session,
        seq: u64,
    ) -> Result<Vec<LogEntry>, ReadError> {
        let client = session.within(PATIENCE);
        let start = format!("{}-0", seq.saturating_add(1));
        let answer = client
            .xrange_values(self.keys.changes(), start, "+", Some(PAGE))
            .await;
        let entries: Vec<(String, HashMap<String, Bytes>)> = session.heed(answer)?;
        let entry = |(id, fields): &(String, HashMap<String, Bytes>)| {
            let change = fields.get("change").map_or(&b""[..], |bytes| bytes);
            Ok(LogEntry {
                seq: seq_of(id)?,
                change: Change::decode(change),
            })
        };
        entries.iter().map(entry).collect()
    }
}

fn seq_of(id: &str) -> Result<u64, ReadError> {
    let seq = id.strip_suffix("-0").and_then(|seq| seq.parse().ok());
    seq.ok_or_else(|| {
        ReadError::Decode(DecodeError::Malformed {
            what: "id in the change log",
            reason: id.to_owned(),
        })
    })
}
