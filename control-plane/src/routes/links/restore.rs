use axum::extract::State;
use contract::LinkId;

use super::block::refuse_listed;
use super::{Link, WrittenLink};
use crate::audit::{Action, Cause};
use crate::auth::Caller;
use crate::db::{self, BIN_PERIOD, LinkTotals};
use crate::error::{Error, Result};
use crate::once::Once;
use crate::problem::Problem;
use crate::propagation::Wait;
use crate::routes::{LinkPath, Query};
use crate::state::AppState;
use crate::versions::IfMatch;

/// Restore a link from the bin
///
/// It is what it was when it was deleted. After 30 days in the bin it stays there.
#[utoipa::path(post, path = "/api/v1/links/{id}/restore", tag = "links",
    params(("id" = String, Path, description = "`lnk_…`"), Wait),
    responses(
        (status = 200, description = "The link as it is now", body = WrittenLink),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 409, description = "`conflict`: it is not in the bin, another link has the external \
            id by now, or the host it leads to is on the blocklist by now",
            body = Problem),
        (status = 410, description = "`link_gone`: it has been in the bin for too long",
            body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn restore_link(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    LinkPath(id): LinkPath,
    if_match: IfMatch,
    Query(wait): Query<Wait>,
) -> Result<WrittenLink> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    let total = Link::total(&state, id).await;
    let task = tokio::spawn({
        let state = state.clone();
        async move { restore(&state, &caller, (id, if_match), total, &once).await }
    });
    let link = task.await.map_err(Error::internal)??;
    let link = WrittenLink::kept(&state, link, patience).await;
    Ok(link)
}

async fn restore(
    state: &AppState,
    caller: &Caller,
    (id, if_match): (LinkId, IfMatch),
    total: Option<LinkTotals>,
    once: &Once,
) -> Result<Link> {
    let now = state.now();
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    db::hold_names(&mut transaction).await?;
    let mut link = db::lock_link_also_deleted(&mut transaction, caller.workspace_id, id).await?;
    caller.must_see(&link)?;
    match link.deleted_at.take() {
        Some(deleted_at) if deleted_at > now - BIN_PERIOD => {}
        Some(_) => return Err(Error::LinkGone),
        None => return Err(Error::Conflict("the link is not in the bin")),
    }
    if_match.check(link.revision)?;
    db::write_deleted(&mut transaction, &link).await?;
    // A link that was taken down comes back as that.
    if !link.is_blocked {
        refuse_listed(state, &link)?;
    }
    let cause = Cause {
        action: Action::Restored,
        actor: &caller.identity.to_string(),
        at: now,
    };
    let row = db::log_change(&mut transaction, &link, &cause).await?;
    let link = Link::with_total(state, row, total);
    link.keep(once, &mut transaction).await?;
    db::commit(transaction).await?;
    Ok(link)
}
