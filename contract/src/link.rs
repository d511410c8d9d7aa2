//! The link record: all the edge needs to know about a link.

use serde::{Deserialize, Serialize};

use crate::options::LinkOptions;
use crate::record::RECORD_VERSION;
use crate::{Code, DecodeError, Domain, LinkId, Timestamp};

/// What the edge knows about a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRecord {
    /// The link's identity, for counting.
    #[serde(rename = "id")]
    pub link_id: LinkId,
    /// Where it lives.
    pub domain: Domain,
    /// Its short part.
    pub code: Code,
    /// `seq` of the change that made this state. Grows with every change of the link and is never
    /// used again, even if a later link takes over the code; readers keep the highest.
    #[serde(rename = "rev")]
    pub revision: u64,
    /// Whether it is in service.
    pub state: LinkState,
    /// Where it points to, in the URL standard's serialised form.
    #[serde(rename = "url")]
    pub original_url: String,
    /// Which redirect it answers with.
    #[serde(default, skip_serializing_if = "RedirectStatus::is_default")]
    pub status: RedirectStatus,
    /// When it stops redirecting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// What most links do not have. Apart, because a million plain links are in memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Box<LinkOptions>>,
}

/// Whether a link is in service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkState {
    /// Redirects.
    Active,
    /// Switched off by its owner.
    Disabled,
    /// In the bin, or removed for good.
    Deleted,
    /// Taken down: its target is dangerous or unlawful.
    Blocked,
}

/// The redirect's status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum RedirectStatus {
    /// 301 Moved Permanently.
    MovedPermanently,
    /// 302 Found. The default: browsers ask again, so edits arrive and clicks count.
    #[default]
    Found,
    /// 307 Temporary Redirect.
    Temporary,
    /// 308 Permanent Redirect.
    Permanent,
}

impl RedirectStatus {
    /// The number in the status line.
    pub const fn as_u16(self) -> u16 {
        match self {
            Self::MovedPermanently => 301,
            Self::Found => 302,
            Self::Temporary => 307,
            Self::Permanent => 308,
        }
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl From<RedirectStatus> for u16 {
    fn from(status: RedirectStatus) -> Self {
        status.as_u16()
    }
}

impl TryFrom<u16> for RedirectStatus {
    type Error = String;

    fn try_from(number: u16) -> Result<Self, String> {
        match number {
            301 => Ok(Self::MovedPermanently),
            302 => Ok(Self::Found),
            307 => Ok(Self::Temporary),
            308 => Ok(Self::Permanent),
            other => Err(format!("{other} is not one of 301, 302, 307, 308")),
        }
    }
}

impl LinkRecord {
    /// As JSON with a version, the form in Redis, in the change log and on `/internal/resolve`.
    pub fn encode(&self) -> String {
        crate::change::encode_versioned(self.version(), self)
    }

    /// Reads what any release so far has written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        crate::change::decode_versioned("link record", RECORD_VERSION, bytes)
    }

    /// Whether it must not be answered from memory that may be old.
    pub fn is_strict(&self) -> bool {
        self.options
            .as_ref()
            .is_some_and(|options| options.is_strict)
    }

    /// The lowest version that understands it.
    pub(crate) fn version(&self) -> u32 {
        if self.options.is_some() || self.state == LinkState::Blocked {
            2
        } else {
            1
        }
    }
}
