use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Member, rules};
use crate::auth::id::UserId;
use crate::auth::{Caller, Role};
use crate::db::{self, MemberRow};
use crate::error::{Error, Result};
use crate::json::JsonBody;
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::routes::invitations::withdraw_made_by;
use crate::state::AppState;
use crate::versions::{IfMatch, Versioned};

/// What to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMember {
    /// What they may do from now on.
    role: Role,
}

/// Change a member's role
///
/// Only owners make owners, or change what an owner is. The last owner stays one. Invitations that they
/// made, and that give more than they are since, are withdrawn.
#[utoipa::path(patch, path = "/api/v1/members/{id}", tag = "people", request_body = UpdateMember,
    params(("id" = String, Path, description = "`usr_…`")),
    responses(
        (status = 200, description = "The member as they are now", body = Member),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 409, description = "`conflict`: the last owner", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn update_member(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(UserId(id)): IdPath<UserId>,
    if_match: IfMatch,
    JsonBody(body): JsonBody<UpdateMember>,
) -> Result<Versioned<Member>> {
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { update(&state, &caller, id, body.role, &if_match).await });
    let member = task.await.map_err(Error::internal)??;
    Ok(Versioned(member.revision()?, member.try_into()?))
}

async fn update(
    state: &AppState,
    caller: &Caller,
    id: Uuid,
    role: Role,
    if_match: &IfMatch,
) -> Result<MemberRow> {
    let workspace_id = caller.workspace_id;
    let mut transaction = db::begin(&state.pool).await?;
    let members = db::lock_members(&mut transaction, workspace_id).await?;
    let member = rules::find(&members, id, caller)?;
    if_match.check(member.revision()?)?;
    rules::may_grant(caller, role)?;
    if role != Role::Owner {
        rules::keep_an_owner(&members, id)?;
    }
    db::update_role(&mut transaction, workspace_id, id, role.as_str()).await?;
    let changed = MemberRow {
        user_id: id,
        email: member.email.clone(),
        role: role.as_str().to_owned(),
        created_at: member.created_at,
    };
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "member.updated", state.now());
    withdraw_made_by(&mut transaction, &deed, &UserId(id).to_string(), Some(role)).await?;
    let shown = Member::try_from(&changed)?;
    deed.record(&mut transaction, UserId(id), &shown).await?;
    db::commit(transaction).await?;
    Ok(changed)
}
