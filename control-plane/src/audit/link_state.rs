use contract::LinkOptions;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::db::LinkRow;

/// A link as the audit log keeps it: enough to go back to, and no secret.
///
/// Fields may be added, with `default`: entries that are there stay readable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkState {
    /// Host.
    pub domain: String,
    /// Short part.
    pub code: String,
    /// Target.
    pub original_url: String,
    /// What its owner calls it.
    pub title: Option<String>,
    /// What its owner notes about it.
    pub notes: Option<String>,
    /// In lower case, ascending.
    pub tags: Vec<String>,
    /// False: switched off.
    pub enabled: bool,
    /// Out of the way.
    pub archived: bool,
    /// What another system calls it.
    pub external_id: Option<String>,
    /// When it stops redirecting.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// 301, 302, 307 or 308.
    pub redirect_status: i16,
    /// What it has beyond that, as in records.
    pub options: LinkOptions,
    /// Which password it has; none if `None`.
    pub password: Option<i64>,
    /// Taken down.
    pub blocked: bool,
    /// In the bin.
    pub deleted: bool,
}

impl LinkState {
    /// The row without its identity and its counters.
    pub fn of(row: &LinkRow) -> Self {
        Self {
            domain: row.domain.clone(),
            code: row.code.clone(),
            original_url: row.original_url.clone(),
            title: row.title.clone(),
            notes: row.notes.clone(),
            tags: row.tags.clone(),
            enabled: row.is_enabled,
            archived: row.is_archived,
            external_id: row.external_id.clone(),
            expires_at: row.expires_at,
            redirect_status: row.redirect_status,
            options: row.options(),
            password: row.password_hash.as_ref().map(|_| row.password_changed),
            blocked: row.is_blocked,
            deleted: row.deleted_at.is_some(),
        }
    }

    /// Gives a row all that an owner can edit, but for the password.
    pub fn put_into(&self, row: &mut LinkRow) {
        row.original_url.clone_from(&self.original_url);
        row.title.clone_from(&self.title);
        row.notes.clone_from(&self.notes);
        row.tags.clone_from(&self.tags);
        row.is_enabled = self.enabled;
        row.is_archived = self.archived;
        row.external_id.clone_from(&self.external_id);
        row.expires_at = self.expires_at;
        row.redirect_status = self.redirect_status;
        row.set_options(self.options.clone());
    }
}
