use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::db::{ClaimRow, DomainRow};

/// Whether a domain may have links.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DomainStatus {
    /// It was shown to be the workspace's.
    Active,
    /// It was not yet.
    Pending,
}

/// The record that shows whose a domain is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verification {
    /// Its name.
    #[schema(example = "_linkpulse.go.example.com")]
    name: String,
    /// Its type: `TXT`.
    #[serde(rename = "type")]
    #[schema(example = "TXT")]
    kind: &'static str,
    /// What it says.
    #[schema(example = "linkpulse-verification=4bXq…")]
    value: String,
}

/// Where the record of a domain is.
pub(super) fn record_name(domain: &str) -> String {
    format!("_linkpulse.{domain}")
}

/// What the record says.
pub(super) fn record_value(token: &str) -> String {
    format!("linkpulse-verification={token}")
}

/// A domain.
#[derive(Debug, Serialize, ToSchema)]
pub struct Domain {
    /// Its name.
    #[schema(example = "go.example.com")]
    domain: String,
    status: DomainStatus,
    /// What to put into the DNS, while it is pending.
    #[schema(required)]
    verification: Option<Verification>,
    /// Where `/` leads. The console, when null.
    #[schema(required)]
    root_url: Option<String>,
    /// Where codes lead that do not exist. A 404, when null.
    #[schema(required)]
    not_found_url: Option<String>,
    /// Where expired links lead that have no such target of their own. A 410, when null.
    #[schema(required)]
    expired_url: Option<String>,
    /// `ABC` means `abc`: new codes are stored in lower case, and found in any. For print.
    ignores_case: bool,
    /// What iOS gets at `/.well-known/apple-app-site-association`. A 404, when null.
    #[schema(required, value_type = Option<Object>)]
    apple_app_site_association: Option<Value>,
    /// What Android gets at `/.well-known/assetlinks.json`. A 404, when null.
    #[schema(required, value_type = Option<Vec<Object>>)]
    assetlinks: Option<Value>,
    /// When its settings last changed; null while it has none.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    updated_at: Option<OffsetDateTime>,
    /// Grows with every change; 0 while there was none.
    revision: i64,
}

impl Domain {
    /// Address in this API.
    pub(super) fn location(&self) -> String {
        format!("/api/v1/domains/{}", self.domain)
    }

    /// Which version this is.
    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    /// One whose settings nobody has touched.
    pub(super) fn untouched(domain: &contract::Domain) -> Self {
        Self {
            domain: domain.to_string(),
            status: DomainStatus::Active,
            verification: None,
            root_url: None,
            not_found_url: None,
            expired_url: None,
            ignores_case: false,
            apple_app_site_association: None,
            assetlinks: None,
            updated_at: None,
            revision: 0,
        }
    }
}

impl From<ClaimRow> for Domain {
    fn from(claim: ClaimRow) -> Self {
        Self {
            status: DomainStatus::Pending,
            verification: Some(Verification {
                name: record_name(&claim.domain),
                kind: "TXT",
                value: record_value(&claim.token),
            }),
            domain: claim.domain,
            root_url: None,
            not_found_url: None,
            expired_url: None,
            ignores_case: false,
            apple_app_site_association: None,
            assetlinks: None,
            updated_at: None,
            revision: 0,
        }
    }
}

impl From<DomainRow> for Domain {
    fn from(row: DomainRow) -> Self {
        Self {
            domain: row.domain,
            status: DomainStatus::Active,
            verification: None,
            root_url: row.root_url,
            not_found_url: row.not_found_url,
            expired_url: row.expired_url,
            ignores_case: row.ignores_case,
            apple_app_site_association: row.apple_app_site_association.map(|file| file.0),
            assetlinks: row.assetlinks.map(|file| file.0),
            updated_at: Some(row.updated_at),
            revision: row.revision,
        }
    }
}
