use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

use super::{Member, rules};
use crate::auth::Caller;
use crate::auth::id::UserId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::routes::invitations::withdraw_made_by;
use crate::state::AppState;
use crate::versions::IfMatch;

/// Remove a member
///
/// Their sign-ins to this workspace end at once, and so do invitations that they made. Whatever else
/// they made stays, API keys included. Only owners remove owners, and the last one stays.
#[utoipa::path(delete, path = "/api/v1/members/{id}", tag = "people",
    params(("id" = String, Path, description = "`usr_…`")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 409, description = "`conflict`: the last owner", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
    ))]
pub async fn remove_member(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(UserId(id)): IdPath<UserId>,
    if_match: IfMatch,
) -> Result<StatusCode> {
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { remove(&state, &caller, id, &if_match).await });
    task.await.map_err(Error::internal)??;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(state: &AppState, caller: &Caller, id: Uuid, if_match: &IfMatch) -> Result<()> {
    let mut transaction = db::begin(&state.pool).await?;
    let members = db::lock_members(&mut transaction, caller.workspace_id).await?;
    let member = rules::find(&members, id, caller)?;
    if_match.check(member.revision()?)?;
    rules::keep_an_owner(&members, id)?;
    db::delete_membership(&mut transaction, caller.workspace_id, id).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "member.removed", state.now());
    withdraw_made_by(&mut transaction, &deed, &UserId(id).to_string(), None).await?;
    let removed = Member::try_from(member)?;
    deed.record(&mut transaction, UserId(id), &removed).await?;
    db::commit(transaction).await?;
    Ok(())
}
