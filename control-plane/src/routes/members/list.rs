use axum::Json;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::auth::id::UserId;
use crate::auth::{Caller, Role};
use crate::db::{self, MemberRow};
use crate::error::Result;
use crate::state::AppState;

/// A member of the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct Member {
    /// Who.
    #[schema(value_type = String, example = "usr_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: UserId,
    #[schema(example = "ada@example.com")]
    email: String,
    role: Role,
    /// When they became a member.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl TryFrom<&MemberRow> for Member {
    type Error = crate::Error;

    fn try_from(row: &MemberRow) -> Result<Self> {
        Ok(Self {
            id: UserId(row.user_id),
            email: row.email.clone(),
            role: Role::parse(&row.role)?,
            created_at: row.created_at,
        })
    }
}

impl TryFrom<MemberRow> for Member {
    type Error = crate::Error;

    fn try_from(row: MemberRow) -> Result<Self> {
        Self::try_from(&row)
    }
}

/// All members.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberList {
    /// The longest there first.
    data: Vec<Member>,
}

/// List members
#[utoipa::path(get, path = "/api/v1/members", tag = "people",
    responses((status = 200, description = "All members", body = MemberList)))]
pub async fn list_members(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<MemberList>> {
    let rows = db::list_members(&state.pool, caller.workspace_id).await?;
    let data = rows.into_iter().map(Member::try_from);
    Ok(Json(MemberList {
        data: data.collect::<Result<_>>()?,
    }))
}
