//! What the edge keeps of the control plane's data: links, and the settings of their domains.

use serde::{Deserialize, Serialize};

use crate::change::{decode_versioned, encode_versioned};
use crate::{DecodeError, Domain, LinkRecord};

/// The newest version of the records' encoding that this build reads.
///
/// A record is written in the lowest version that means the same, so that plain links can be read
/// by old proxies too. Raise it only when an old reader would *misunderstand* a new record (a new
/// reason not to redirect, say). A field that may be ignored needs `#[serde(default)]` and no new
/// version.
///
/// 1: links. 2: [`LinkOptions`](crate::LinkOptions), blocked links, domains.
pub const RECORD_VERSION: u32 = 2;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A link.
    Link(LinkRecord),
    /// The settings of a domain.
    Domain(DomainRecord),
}

/// What a domain does besides carrying links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainRecord {
    /// Which one.
    pub domain: Domain,
    /// `seq` of the change that made this state, as with links.
    #[serde(rename = "rev")]
    pub revision: u64,
    /// Where `/` leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_url: Option<String>,
    /// Where codes lead that do not exist. Without it they are a plain 404.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_found_url: Option<String>,
    /// Where expired links lead that have no such target of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_url: Option<String>,
    /// `ABC` means `abc`: codes of the domain are stored in lower case. For print.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignores_case: bool,
}

/// Tells the kinds of record apart. Links have none: they were there first.
#[derive(Deserialize)]
struct KindOnly {
    kind: Option<String>,
}

#[derive(Serialize)]
struct Kinded<'a> {
    kind: &'static str,
    #[serde(flatten)]
    record: &'a DomainRecord,
}

impl Record {
    /// The domain it belongs to.
    pub fn domain(&self) -> &Domain {
        match self {
            Self::Link(link) => &link.domain,
            Self::Domain(domain) => &domain.domain,
        }
    }

    /// The code of the link; empty for the domain itself, since no code is.
    pub fn code(&self) -> &str {
        match self {
            Self::Link(link) => link.code.as_str(),
            Self::Domain(_) => "",
        }
    }

    /// `seq` of the change that made this state.
    pub fn revision(&self) -> u64 {
        match self {
            Self::Link(link) => link.revision,
            Self::Domain(domain) => domain.revision,
        }
    }

    /// As JSON with a version, the form in Redis, in the change log and on `/internal/resolve`.
    pub fn encode(&self) -> String {
        match self {
            Self::Link(link) => link.encode(),
            Self::Domain(domain) => domain.encode(),
        }
    }

    /// Reads what any release so far has written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let KindOnly { kind } = decode_versioned("record", RECORD_VERSION, bytes)?;
        match kind.as_deref() {
            None => Ok(Self::Link(LinkRecord::decode(bytes)?)),
            Some("domain") => Ok(Self::Domain(decode_versioned(
                "domain record",
                RECORD_VERSION,
                bytes,
            )?)),
            Some(other) => Err(DecodeError::malformed("record", format!("kind {other:?}"))),
        }
    }

    /// The lowest version that understands it.
    pub(crate) fn version(&self) -> u32 {
        match self {
            Self::Link(link) => link.version(),
            Self::Domain(_) => 2,
        }
    }
}

impl DomainRecord {
    /// As JSON with a version.
    pub fn encode(&self) -> String {
        let kinded = Kinded {
            kind: "domain",
            record: self,
        };
        encode_versioned(2, &kinded)
    }
}

impl From<LinkRecord> for Record {
    fn from(link: LinkRecord) -> Self {
        Self::Link(link)
    }
}

impl From<DomainRecord> for Record {
    fn from(domain: DomainRecord) -> Self {
        Self::Domain(domain)
    }
}
