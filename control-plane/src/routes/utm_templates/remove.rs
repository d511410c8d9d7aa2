use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

use super::UtmTemplate;
use crate::auth::Caller;
use crate::auth::id::UtmTemplateId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;
use crate::versions::IfMatch;

/// Remove a UTM template
///
/// Links that were tagged with it stay as they are.
#[utoipa::path(delete, path = "/api/v1/utm-templates/{id}", tag = "utm",
    params(("id" = String, Path, description = "`utm_…`")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
    ))]
pub async fn remove_utm_template(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(UtmTemplateId(id)): IdPath<UtmTemplateId>,
    if_match: IfMatch,
) -> Result<StatusCode> {
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { remove(&state, &caller, id, &if_match).await });
    task.await.map_err(Error::internal)??;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(state: &AppState, caller: &Caller, id: Uuid, if_match: &IfMatch) -> Result<()> {
    let mut transaction = db::begin(&state.pool).await?;
    let row = db::lock_utm_template(&mut transaction, caller.workspace_id, id).await?;
    let row = row.ok_or(Error::NotFound("UTM template"))?;
    if_match.check(row.revision()?)?;
    db::delete_utm_template(&mut transaction, id).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "utm_template.removed", state.now());
    deed.record(&mut transaction, UtmTemplateId(id), &UtmTemplate::from(row))
        .await?;
    db::commit(transaction).await?;
    Ok(())
}
