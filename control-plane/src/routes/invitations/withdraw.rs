use axum::extract::State;
use axum::http::StatusCode;

use crate::auth::Caller;
use crate::auth::id::InvitationId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;

/// Withdraw an invitation
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "people",
    params(("id" = String, Path, description = "`inv_…`")),
    responses(
        (status = 204, description = "Withdrawn"),
        (status = 404, description = "`not_found`", body = Problem),
    ))]
pub async fn withdraw_invitation(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(InvitationId(id)): IdPath<InvitationId>,
) -> Result<StatusCode> {
    let mut connection = state.pool.acquire().await?;
    match db::delete_invitation(&mut connection, caller.workspace_id, id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Error::NotFound("invitation")),
    }
}
