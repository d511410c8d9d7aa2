use axum::Json;
use axum::extract::State;

use super::Invitation;
use crate::auth::Caller;
use crate::auth::id::InvitationId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;

/// Read an invitation
///
/// One that nobody has accepted, also if it has expired.
#[utoipa::path(get, path = "/api/v1/invitations/{id}", tag = "people",
    params(("id" = String, Path, description = "`inv_…`")),
    responses(
        (status = 200, description = "The invitation", body = Invitation),
        (status = 404, description = "`not_found`", body = Problem),
    ))]
pub async fn get_invitation(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(InvitationId(id)): IdPath<InvitationId>,
) -> Result<Json<Invitation>> {
    // At most 200.
    let rows = db::list_invitations(&state.pool, caller.workspace_id).await?;
    let row = rows.into_iter().find(|row| row.id == id);
    Ok(Json(row.ok_or(Error::NotFound("invitation"))?.try_into()?))
}
