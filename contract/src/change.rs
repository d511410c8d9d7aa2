//! What travels on the change feed: changes of links, and heartbeats between them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{DecodeError, DomainRecord, LinkRecord, Record, Timestamp};

/// The newest version of the feed's encoding that this build reads. As with records, the lowest
/// that means the same is written.
pub const FEED_VERSION: u32 = 2;

/// One entry of the change log: the whole new state of one link, or of a domain's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "EncodedChange", into = "EncodedChange")]
pub struct Change {
    /// Position in the log: starts at 1, without gaps, in commit order.
    pub seq: u64,
    /// Which history `seq` counts in, so that a message that comes late is not taken for one of a
    /// database that was restored meanwhile. `None` in logs of old releases.
    pub epoch: Option<Uuid>,
    /// What changed, as it is after the change. A deleted link is a record in state `deleted`.
    pub record: Record,
}

/// A change as it is written: the record under a name that tells its kind.
#[derive(Serialize, Deserialize)]
struct EncodedChange {
    seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<LinkRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    domain: Option<DomainRecord>,
}

impl From<Change> for EncodedChange {
    fn from(change: Change) -> Self {
        let (record, domain) = match change.record {
            Record::Link(link) => (Some(link), None),
            Record::Domain(domain) => (None, Some(domain)),
        };
        Self {
            seq: change.seq,
            epoch: change.epoch,
            record,
            domain,
        }
    }
}

impl TryFrom<EncodedChange> for Change {
    type Error = &'static str;

    fn try_from(encoded: EncodedChange) -> Result<Self, &'static str> {
        let record = match (encoded.record, encoded.domain) {
            (Some(link), None) => Record::Link(link),
            (None, Some(domain)) => Record::Domain(domain),
            _ => return Err("expected either `record` or `domain`"),
        };
        Ok(Self {
            seq: encoded.seq,
            epoch: encoded.epoch,
            record,
        })
    }
}

/// Says that the relay lives and where the log stands, so that a reader notices what it missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// `seq` of the last change published.
    pub head_seq: u64,
    /// Which history the numbers belong to. A restored or new database has another; everything
    /// learnt under the old one is void.
    pub epoch: Uuid,
    /// The database's time when the relay read the head.
    pub database_time: Timestamp,
    /// The Redis processes, by their `run_id`, that are known to hold all changes up to
    /// `head_seq`, as records and as log. A Redis that was restarted has another `run_id`, and
    /// perhaps an old copy of the data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redis_runs: Vec<String>,
}

/// A message on the channel `lp:invalidate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum FeedMessage {
    /// Something changed.
    Change(Change),
    /// Nothing happened, on purpose.
    Heartbeat(Heartbeat),
}

impl FeedMessage {
    /// As JSON with a version.
    pub fn encode(&self) -> String {
        let version = match self {
            Self::Change(change) => change.record.version(),
            Self::Heartbeat(_) => 1,
        };
        encode_versioned(version, self)
    }

    /// Reads what any release so far has written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_versioned("feed message", FEED_VERSION, bytes)
    }
}

impl Change {
    /// As JSON with a version: the field `change` of an entry of `lp:changes:{feed}`.
    pub fn encode(&self) -> String {
        encode_versioned(self.record.version(), self)
    }

    /// Reads what any release so far has written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_versioned("change", FEED_VERSION, bytes)
    }
}

#[derive(Serialize)]
struct Versioned<'a, T> {
    v: u32,
    #[serde(flatten)]
    value: &'a T,
}

#[derive(Deserialize)]
struct VersionOnly {
    v: u32,
}

#[expect(
    clippy::expect_used,
    reason = "maps with string keys and plain values always serialise"
)]
pub(crate) fn encode_versioned<T: Serialize>(version: u32, value: &T) -> String {
    serde_json::to_string(&Versioned { v: version, value }).expect("plain values serialise")
}

/// The version is read first and alone: the rest of a newer value need not even parse here.
pub(crate) fn decode_versioned<T: DeserializeOwned>(
    what: &'static str,
    supported: u32,
    bytes: &[u8],
) -> Result<T, DecodeError> {
    let malformed = |error: serde_json::Error| DecodeError::malformed(what, error);
    let found = serde_json::from_slice::<VersionOnly>(bytes)
        .map_err(malformed)?
        .v;
    if found > supported {
        return Err(DecodeError::NewerVersion { found, supported });
    }
    serde_json::from_slice(bytes).map_err(malformed)
}
