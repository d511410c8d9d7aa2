use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Workspace;
use crate::audit::Deed;
use crate::auth::id::{UserId, WorkspaceId};
use crate::auth::{Role, SessionCaller};
use crate::db::{self, WorkspaceRow};
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;
use crate::json::JsonBody;
use crate::once::Once;
use crate::problem::Problem;
use crate::state::AppState;

/// Longest name. Characters.
const LONGEST_NAME: usize = 100;

/// Workspaces that one person may own.
const MOST: i64 = 50;

/// A name for a workspace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameWorkspace {
    /// 1 to 100 characters.
    #[schema(example = "Marketing", min_length = 1, max_length = 100)]
    name: String,
}

impl NameWorkspace {
    pub(super) fn check(self, state: &AppState) -> Result<String> {
        let mut check = FieldCheck::new(state);
        let name = check.text("name", &self.name, LONGEST_NAME);
        if name.is_none() {
            check.refuse("name", "required", "a workspace has a name");
        }
        check.finish()?;
        name.ok_or_else(|| Error::internal("a name got lost"))
    }
}

/// Make a workspace
///
/// The signed-in user owns it. The session stays where it is.
#[utoipa::path(post, path = "/api/v1/workspaces", tag = "people", request_body = NameWorkspace,
    responses(
        (status = 201, description = "Made", body = Workspace,
            headers(("Location" = String, description = "Address of the workspace in this API"))),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 409, description = "`conflict`: they own too many", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn create_workspace(
    State(state): State<AppState>,
    SessionCaller(session): SessionCaller,
    once: Once,
    JsonBody(body): JsonBody<NameWorkspace>,
) -> Result<impl IntoResponse> {
    let name = body.check(&state)?;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { insert(&state, session.user_id, name, &once).await });
    let (location, workspace) = task.await.map_err(Error::internal)??;
    Ok((
        StatusCode::CREATED,
        AppendHeaders([(LOCATION, location)]),
        Json(workspace),
    ))
}

/// Gives the workspace's address and the workspace.
async fn insert(
    state: &AppState,
    user_id: Uuid,
    name: String,
    once: &Once,
) -> Result<(String, Workspace)> {
    let row = WorkspaceRow {
        id: Uuid::now_v7(),
        name,
        role: Role::Owner.as_str().to_owned(),
        created_at: state.now(),
    };
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    if db::count_owned(&mut transaction, user_id).await? >= MOST {
        return Err(Error::Conflict("one person owns at most 50 workspaces"));
    }
    db::insert_workspace(&mut transaction, row.id, &row.name, row.created_at).await?;
    db::insert_membership(&mut transaction, row.id, user_id, &row.role).await?;
    let deed = Deed {
        workspace_id: row.id,
        actor: &UserId(user_id).to_string(),
        action: "workspace.created",
        at: row.created_at,
    };
    let named = json!({ "name": &row.name });
    deed.record(&mut transaction, WorkspaceId(row.id), &named)
        .await?;
    let location = Workspace::location(row.id);
    let workspace = Workspace::try_from(row)?;
    let status = StatusCode::CREATED;
    once.keep(&mut transaction, status, Some(&location), &workspace)
        .await?;
    db::commit(transaction).await?;
    Ok((location, workspace))
}
