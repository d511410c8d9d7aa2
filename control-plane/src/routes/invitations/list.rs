use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Invitation;
use crate::auth::Caller;
use crate::db;
use crate::error::Result;
use crate::state::AppState;

/// All invitations.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationList {
    /// Newest first.
    data: Vec<Invitation>,
}

/// List invitations
///
/// Those that nobody has accepted, also if they have expired.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "people",
    responses((status = 200, description = "All invitations", body = InvitationList)))]
pub async fn list_invitations(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<InvitationList>> {
    let rows = db::list_invitations(&state.pool, caller.workspace_id).await?;
    let data = rows.into_iter().map(Invitation::try_from);
    Ok(Json(InvitationList {
        data: data.collect::<Result<_>>()?,
    }))
}
