use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Role;
use crate::auth::id::InvitationId;
use crate::db::InvitationRow;
use crate::error::Result;

/// An invitation that nobody has accepted yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invitation {
    #[schema(value_type = String, example = "inv_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: InvitationId,
    /// Whom.
    #[schema(example = "grace@example.com")]
    email: String,
    /// As what.
    role: Role,
    /// Who made it: `usr_…` or `key_…`; null if that was not noted then. It ends with what they may
    /// do.
    #[schema(required)]
    created_by: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Until when it can be accepted.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

impl Invitation {
    /// Address in this API.
    pub(super) fn location(id: Uuid) -> String {
        format!("/api/v1/invitations/{}", InvitationId(id))
    }
}

/// An invitation that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewInvitation {
    #[serde(flatten)]
    pub(super) invitation: Invitation,
    /// What it is accepted with. It is shown this once: pass it on to whom you invite. Null where an
    /// answer is repeated for an `Idempotency-Key`, since it is stored nowhere.
    #[schema(required)]
    pub(super) token: Option<String>,
    /// The page of the console that accepts it. The token is behind the `#`, so it is in no log.
    #[schema(required)]
    pub(super) url: Option<String>,
}

impl TryFrom<InvitationRow> for Invitation {
    type Error = crate::Error;

    fn try_from(row: InvitationRow) -> Result<Self> {
        Ok(Self {
            id: InvitationId(row.id),
            email: row.email,
            role: Role::parse(&row.role)?,
            created_by: row.created_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}
