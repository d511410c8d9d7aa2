//! Where a page begins of a list that has the newest first.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// The place behind something that was made then. Of what was made at the same time, the id decides.
#[derive(Debug, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Of what.
    pub id: Uuid,
}
