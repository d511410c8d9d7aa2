use serde::Serialize;
use url::Url;

use crate::db::WebhookRow;
use crate::error::{Error, Result};

/// A receiver as the audit log keeps it. Paths of receivers are often secrets, so the log has the host
/// only; the secret that messages are signed with is not in a row.
#[derive(Debug, Serialize)]
pub struct AuditedWebhook {
    /// Scheme, host and port.
    receiver: String,
    events: Vec<String>,
    click_thresholds: Vec<i64>,
    enabled: bool,
}

impl TryFrom<&WebhookRow> for AuditedWebhook {
    type Error = Error;

    fn try_from(row: &WebhookRow) -> Result<Self> {
        let url = Url::parse(&row.url).map_err(Error::internal)?;
        Ok(Self {
            receiver: url.origin().ascii_serialization(),
            events: row.events.clone(),
            click_thresholds: row.click_thresholds.clone(),
            enabled: row.is_enabled,
        })
    }
}
