use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

use super::Invitation;
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
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { withdraw(&state, &caller, id).await });
    task.await.map_err(Error::internal)??;
    Ok(StatusCode::NO_CONTENT)
}

async fn withdraw(state: &AppState, caller: &Caller, id: Uuid) -> Result<()> {
    let mut transaction = db::begin(&state.pool).await?;
    let deleted = db::delete_invitation(&mut transaction, caller.workspace_id, id).await?;
    let row = deleted.ok_or(Error::NotFound("invitation"))?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "invitation.withdrawn", state.now());
    let withdrawn = Invitation::try_from(row)?;
    deed.record(&mut transaction, InvitationId(id), &withdrawn)
        .await?;
    db::commit(transaction).await?;
    Ok(())
}
