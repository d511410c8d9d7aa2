use std::fmt::Display;

use serde::Serialize;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Event, record};
use crate::error::{Error, Result};

/// Something that is done to what is not a link.
#[derive(Debug)]
pub struct Deed<'a> {
    /// In whose workspace.
    pub workspace_id: Uuid,
    /// Who does it: `usr_…`, `key_…`, or a part of the system.
    pub actor: &'a str,
    /// What, such as `key.revoked`.
    pub action: &'a str,
    /// Now.
    pub at: OffsetDateTime,
}

impl Deed<'_> {
    /// Says to what it is done, and what that is like since. `state` must hold no secret.
    ///
    /// In the transaction of the deed, after its locks and before that of the change log.
    pub async fn record(
        &self,
        connection: &mut PgConnection,
        subject: impl Display,
        state: &impl Serialize,
    ) -> Result<()> {
        let event = Event {
            actor: self.actor,
            action: self.action,
            subject: subject.to_string(),
            state: serde_json::to_string(state).map_err(Error::internal)?,
        };
        record(connection, self.workspace_id, &[event], self.at).await
    }
}
