use contract::{LinkRecord, LinkState, Timestamp};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::db::LinkRow;

/// What a visitor of a link meets. Not whether its click cap is used up: the `explain` of the link says that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkStatus {
    /// The target.
    Active,
    /// 404: its time has not come.
    Scheduled,
    /// 410: switched off.
    Disabled,
    /// 410: past its time.
    Expired,
    /// 410: in the bin.
    Deleted,
    /// 451: taken down.
    Blocked,
}

impl LinkStatus {
    /// The name, as in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Scheduled => "scheduled",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Deleted => "deleted",
            Self::Blocked => "blocked",
        }
    }

    /// The same as the list's statement says.
    pub(crate) fn of(link: &LinkRow, now: OffsetDateTime) -> Self {
        let starts_at = link.options.as_ref().and_then(|options| options.starts_at);
        if link.deleted_at.is_some() {
            Self::Deleted
        } else if !link.is_enabled {
            Self::Disabled
        } else if starts_at.is_some_and(|starts_at| starts_at > now.into()) {
            Self::Scheduled
        } else if link.is_blocked {
            Self::Blocked
        } else if link.expires_at.is_some_and(|expires_at| expires_at <= now) {
            Self::Expired
        } else {
            Self::Active
        }
    }

    /// The same of what the edge knows.
    pub(crate) fn of_record(record: &LinkRecord, now: Timestamp) -> Self {
        let starts_at = record.options.as_ref();
        let starts_at = starts_at.and_then(|options| options.starts_at);
        match record.state {
            LinkState::Deleted => Self::Deleted,
            LinkState::Disabled => Self::Disabled,
            _ if starts_at.is_some_and(|starts_at| starts_at > now) => Self::Scheduled,
            LinkState::Blocked => Self::Blocked,
            LinkState::Active
                if record
                    .expires_at
                    .is_some_and(|expires_at| expires_at <= now) =>
            {
                Self::Expired
            }
            LinkState::Active => Self::Active,
        }
    }
}
