use contract::{LinkRecord, LinkState};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::routes::links::LinkStatus;
use crate::routes::short_url;

/// What a program can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Event {
    /// A link was made.
    #[serde(rename = "link.created")]
    Created,
    /// A link was edited, switched on or off, taken down, put up again, or restored.
    #[serde(rename = "link.updated")]
    Updated,
    /// A link was put into the bin.
    #[serde(rename = "link.deleted")]
    Deleted,
    /// A link's time is over.
    #[serde(rename = "link.expired")]
    Expired,
    /// A link has been followed so often: `click_thresholds`.
    #[serde(rename = "link.clicks_reached")]
    ClicksReached,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Created,
        Self::Updated,
        Self::Deleted,
        Self::Expired,
        Self::ClicksReached,
    ];

    /// As it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "link.created",
            Self::Updated => "link.updated",
            Self::Deleted => "link.deleted",
            Self::Expired => "link.expired",
            Self::ClicksReached => "link.clicks_reached",
        }
    }

    /// From the database.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self> {
        let event = Self::ALL.into_iter().find(|event| event.as_str() == text);
        event.ok_or_else(|| Error::internal(format!("unknown event {text:?}")))
    }

    /// The message: what happened, when, and the link as it was left by that.
    pub(super) fn message(
        self,
        record: &LinkRecord,
        at: OffsetDateTime,
        public_url: &Url,
        threshold: Option<i64>,
    ) -> Result<String> {
        let time = |moment: OffsetDateTime| moment.format(&Rfc3339).map_err(Error::internal);
        let expires_at = record.expires_at.and_then(|moment| moment.to_datetime());
        let mut data = json!({
            "id": record.link_id,
            "domain": record.domain,
            "code": record.code,
            "short_url": short_url(public_url, record.domain.as_str(), record.code.as_str()),
            "original_url": record.original_url,
            "status": LinkStatus::of_record(record, at.into()),
            "enabled": record.state != LinkState::Disabled,
            "deleted": record.state == LinkState::Deleted,
            "expires_at": expires_at.map(time).transpose()?,
            "revision": record.revision,
        });
        if let Some(threshold) = threshold {
            data["clicks_reached"] = threshold.into();
        }
        let message = json!({ "type": self, "timestamp": time(at)?, "data": data });
        Ok(message.to_string())
    }
}
