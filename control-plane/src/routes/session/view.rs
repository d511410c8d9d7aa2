use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::id::{UserId, WorkspaceId};
use crate::db::SessionRow;

/// Who is signed in, and where.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    user: SessionUser,
    workspace: SessionWorkspace,
    /// `owner`, `admin`, `editor` or `viewer`.
    #[schema(example = "owner")]
    role: String,
}

/// The signed-in user.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionUser {
    #[schema(value_type = String, example = "usr_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: UserId,
    #[schema(example = "ada@example.com")]
    email: String,
}

/// The workspace they look at.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionWorkspace {
    #[schema(value_type = String, example = "wsp_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: WorkspaceId,
    #[schema(example = "Workspace")]
    name: String,
}

impl Session {
    pub(super) fn new(
        user_id: Uuid,
        email: String,
        workspace: (Uuid, String),
        role: String,
    ) -> Self {
        let (workspace_id, name) = workspace;
        Self {
            user: SessionUser {
                id: UserId(user_id),
                email,
            },
            workspace: SessionWorkspace {
                id: WorkspaceId(workspace_id),
                name,
            },
            role,
        }
    }
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self::new(
            row.user_id,
            row.email,
            (row.workspace_id, row.workspace_name),
            row.role,
        )
    }
}
