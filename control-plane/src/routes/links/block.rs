use axum::extract::State;
use contract::LinkId;

use super::{Link, WrittenLink};
use crate::audit::{Action, Cause};
use crate::auth::Caller;
use crate::db::{self, LinkRow, LinkTotals};
use crate::error::{Error, Result};
use crate::once::Once;
use crate::problem::Problem;
use crate::propagation::Wait;
use crate::routes::{LinkPath, Query};
use crate::state::AppState;
use crate::versions::IfMatch;

/// Take a link down
///
/// For owners and admins. The edge answers 451, and from now on the link is `strict`: a proxy that is
/// cut off rather answers nothing than leading there.
#[utoipa::path(post, path = "/api/v1/links/{id}/block", tag = "links",
    params(("id" = String, Path, description = "`lnk_…`"), Wait),
    responses(
        (status = 200, description = "The link as it is now", body = WrittenLink),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 410, description = "`link_gone`", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn block_link(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    LinkPath(id): LinkPath,
    if_match: IfMatch,
    Query(wait): Query<Wait>,
) -> Result<WrittenLink> {
    set(state, caller, (id, true), (&wait, if_match), once).await
}

/// Put a link up again
///
/// For owners and admins. Not while its target is on the blocklist, and not if whoever runs the
/// installation took it down.
#[utoipa::path(post, path = "/api/v1/links/{id}/unblock", tag = "links",
    params(("id" = String, Path, description = "`lnk_…`"), Wait),
    responses(
        (status = 200, description = "The link as it is now", body = WrittenLink),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 409, description = "`conflict`: its target is on the blocklist, or whoever runs the \
            installation took it down",
            body = Problem),
        (status = 410, description = "`link_gone`", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn unblock_link(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    LinkPath(id): LinkPath,
    if_match: IfMatch,
    Query(wait): Query<Wait>,
) -> Result<WrittenLink> {
    set(state, caller, (id, false), (&wait, if_match), once).await
}

async fn set(
    state: AppState,
    caller: Caller,
    change: (LinkId, bool),
    (wait, if_match): (&Wait, IfMatch),
    once: Once,
) -> Result<WrittenLink> {
    let patience = wait.patience()?;
    // Before the role: what is not theirs is not there.
    let link = db::find_link(&state.pool, caller.workspace_id, change.0).await?;
    link.ok_or(Error::NotFound("link"))?;
    caller.may_administer()?;
    let total = Link::total(&state, change.0).await;
    let task = tokio::spawn({
        let state = state.clone();
        async move { write(&state, &caller, change, &if_match, (total, &once)).await }
    });
    let link = task.await.map_err(Error::internal)??;
    let link = WrittenLink::kept(&state, link, patience).await;
    Ok(link)
}

/// Refuses to put a link into service that leads to a host on the blocklist.
pub(super) fn refuse_listed(state: &AppState, link: &LinkRow) -> Result<()> {
    match link.leads_to(&state.blocklist.hosts()) {
        true => Err(Error::Conflict(
            "the link leads to a host that is on the blocklist",
        )),
        false => Ok(()),
    }
}

async fn write(
    state: &AppState,
    caller: &Caller,
    (id, is_blocked): (LinkId, bool),
    if_match: &IfMatch,
    (total, once): (Option<LinkTotals>, &Once),
) -> Result<Link> {
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    let mut link = db::lock_link(&mut transaction, caller.workspace_id, id).await?;
    if_match.check(link.revision)?;
    let before = link.clone();
    let action = match is_blocked {
        true => {
            link.take_down();
            Action::Blocked
        }
        false => {
            refuse_listed(state, &link)?;
            if let Some(takedown) = db::find_takedown(&mut *transaction, id).await? {
                return Err(Error::TakenDown(takedown.reason));
            }
            link.is_blocked = false;
            Action::Unblocked
        }
    };
    let cause = Cause {
        action,
        actor: &caller.identity.to_string(),
        at: state.now(),
    };
    let row = match link == before {
        true => link,
        false => {
            let written = db::write_links(&mut transaction, &[link], &cause).await?;
            let row = written.into_iter().next();
            row.ok_or_else(|| Error::internal("a link got lost while it was written"))?
        }
    };
    let link = Link::with_total(state, row, total);
    link.keep(once, &mut transaction).await?;
    db::commit(transaction).await?;
    Ok(link)
}
