use axum::extract::State;

use super::Member;
use crate::auth::Caller;
use crate::auth::id::UserId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;
use crate::versions::Versioned;

/// Read a member
#[utoipa::path(get, path = "/api/v1/members/{id}", tag = "people",
    params(("id" = String, Path, description = "`usr_…`")),
    responses(
        (status = 200, description = "The member", body = Member),
        (status = 304, description = "Not changed"),
        (status = 404, description = "`not_found`", body = Problem),
    ))]
pub async fn get_member(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(UserId(id)): IdPath<UserId>,
) -> Result<Versioned<Member>> {
    let rows = db::list_members(&state.pool, caller.workspace_id).await?;
    let row = rows.into_iter().find(|row| row.user_id == id);
    let row = row.ok_or(Error::NotFound("member"))?;
    Ok(Versioned(row.revision()?, row.try_into()?))
}
