use axum::Json;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::id::WorkspaceId;
use crate::auth::{Role, SessionCaller};
use crate::db::{self, WorkspaceRow};
use crate::error::Result;
use crate::state::AppState;

/// A workspace, and what the signed-in user is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Workspace {
    #[schema(value_type = String, example = "wsp_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: WorkspaceId,
    #[schema(example = "Workspace")]
    name: String,
    role: Role,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl Workspace {
    /// Address in this API.
    pub(super) fn location(id: Uuid) -> String {
        format!("/api/v1/workspaces/{}", WorkspaceId(id))
    }
}

impl TryFrom<WorkspaceRow> for Workspace {
    type Error = crate::Error;

    fn try_from(row: WorkspaceRow) -> Result<Self> {
        Ok(Self {
            id: WorkspaceId(row.id),
            name: row.name,
            role: Role::parse(&row.role)?,
            created_at: row.created_at,
        })
    }
}

/// All workspaces.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkspaceList {
    /// The oldest first.
    data: Vec<Workspace>,
}

/// List workspaces
///
/// Those that the signed-in user belongs to.
#[utoipa::path(get, path = "/api/v1/workspaces", tag = "people",
    responses((status = 200, description = "All workspaces", body = WorkspaceList)))]
pub async fn list_workspaces(
    State(state): State<AppState>,
    SessionCaller(session): SessionCaller,
) -> Result<Json<WorkspaceList>> {
    let rows = db::list_workspaces(&state.pool, session.user_id).await?;
    let data = rows.into_iter().map(Workspace::try_from);
    Ok(Json(WorkspaceList {
        data: data.collect::<Result<_>>()?,
    }))
}
