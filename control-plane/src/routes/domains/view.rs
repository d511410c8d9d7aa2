use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::db::DomainRow;

/// A domain.
#[derive(Debug, Serialize, ToSchema)]
pub struct Domain {
    /// Its name.
    #[schema(example = "go.example.com")]
    domain: String,
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
    /// When its settings last changed; null while it has none.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    updated_at: Option<OffsetDateTime>,
    /// Grows with every change; 0 while there was none.
    revision: i64,
}

impl Domain {
    /// Which version this is.
    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    /// One whose settings nobody has touched.
    pub(super) fn untouched(domain: &contract::Domain) -> Self {
        Self {
            domain: domain.to_string(),
            root_url: None,
            not_found_url: None,
            expired_url: None,
            ignores_case: false,
            updated_at: None,
            revision: 0,
        }
    }
}

impl From<DomainRow> for Domain {
    fn from(row: DomainRow) -> Self {
        Self {
            domain: row.domain,
            root_url: row.root_url,
            not_found_url: row.not_found_url,
            expired_url: row.expired_url,
            ignores_case: row.ignores_case,
            updated_at: Some(row.updated_at),
            revision: row.revision,
        }
    }
}
