//! What a proxy tells the control plane about itself, so that an edit can be waited for.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{DecodeError, Timestamp};

/// The newest version of the report's encoding that this build reads, and the one it writes.
pub const REPORT_VERSION: u32 = 1;

/// How often a proxy reports when nothing happens. After a change it does so at once.
pub const REPORT_INTERVAL: std::time::Duration = std::time::Duration::from_secs(1);

/// The body of `POST /internal/proxies`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyReport {
    /// This run of the proxy: made at its start, never used again.
    pub id: Uuid,
    /// What people call it. A proxy that is started again has the same name, and takes the place
    /// of the one that did not say goodbye.
    pub name: String,
    /// Its release.
    pub version: String,
    /// When it started, by its own clock.
    pub started_at: Timestamp,
    /// Which history `applied` counts in; `None` while it knows nothing.
    #[serde(default)]
    pub epoch: Option<Uuid>,
    /// `seq` up to which all changes are in effect there.
    pub applied: u64,
    /// Seconds for which it goes on serving without hearing of changes. Silent for longer, it is
    /// no longer of interest.
    pub max_stale_seconds: u64,
}

impl ProxyReport {
    /// As JSON with a version.
    pub fn encode(&self) -> String {
        crate::change::encode_versioned(REPORT_VERSION, self)
    }

    /// Reads what any release so far has written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        crate::change::decode_versioned("proxy report", REPORT_VERSION, bytes)
    }
}
