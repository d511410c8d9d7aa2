use axum::extract::State;
use contract::LinkId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::history::versions;
use super::options::OptionFields;
use super::{Link, WrittenLink, fields};
use crate::audit::{Action, Cause, LinkState};
use crate::auth::Caller;
use crate::db::{self, LinkRow, LinkTotals};
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;
use crate::json::JsonBody;
use crate::once::Once;
use crate::problem::Problem;
use crate::propagation::Wait;
use crate::routes::{LinkPath, Query};
use crate::state::AppState;
use crate::versions::IfMatch;

/// Where to go back to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollBack {
    /// A version of the link's history.
    #[schema(minimum = 1)]
    version: i64,
}

/// Roll a link back to a version of its history
///
/// The link gets all fields of that version, in a new version. Its password stays what it is.
#[utoipa::path(post, path = "/api/v1/links/{id}/roll-back", tag = "links",
    request_body = RollBack,
    params(("id" = String, Path, description = "`lnk_…`"), Wait),
    responses(
        (status = 200, description = "The link as it is now", body = WrittenLink),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 409, description = "`conflict`: another link has the external id by now",
            body = Problem),
        (status = 410, description = "`link_gone`", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`: there is no such version, or its target \
            is not allowed any more", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn roll_back_link(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    LinkPath(id): LinkPath,
    if_match: IfMatch,
    Query(wait): Query<Wait>,
    JsonBody(body): JsonBody<RollBack>,
) -> Result<WrittenLink> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    let total = Link::total(&state, id).await;
    let task = tokio::spawn({
        let state = state.clone();
        let what = (id, body.version, if_match);
        async move { roll_back(&state, &caller, what, total, &once).await }
    });
    let link = task.await.map_err(Error::internal)??;
    let link = WrittenLink::kept(&state, link, patience).await;
    Ok(link)
}

async fn roll_back(
    state: &AppState,
    caller: &Caller,
    (id, version, if_match): (LinkId, i64, IfMatch),
    total: Option<LinkTotals>,
    once: &Once,
) -> Result<Link> {
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    let mut link = db::lock_link(&mut transaction, caller.workspace_id, id).await?;
    caller.must_see(&link)?;
    if_match.check(link.revision)?;
    let no_such = || Error::invalid("version", "unknown_version", "there is no such version");
    let next = version.checked_add(1).ok_or_else(no_such)?;
    let found = versions(&mut *transaction, caller, id, Some(next), 1).await?;
    let found = found.into_iter().find(|(row, _)| row.version == version);
    let (_, version) = found.ok_or_else(no_such)?;
    restore(&mut link, &version);

    let mut check = FieldCheck::new(state);
    if let Some(tag) = &caller.only_tag {
        fields::add_tag(&mut link.tags, tag, &mut check);
    }
    // What was allowed then may not be any more.
    check.url("original_url", &link.original_url);
    OptionFields::targets_of(link.options()).check(&mut check);
    let status = link.redirect_status()?;
    fields::together(status, &link.options(), link.expires_at, &mut check);
    check.finish()?;
    let cause = Cause {
        action: Action::RolledBack,
        actor: &caller.identity.to_string(),
        at: state.now(),
    };
    db::hold_names(&mut transaction).await?;
    db::update_link(&mut transaction, &link).await?;
    let row = db::log_change(&mut transaction, &link, &cause).await?;
    let link = Link::with_total(state, row, total);
    link.keep(once, &mut transaction).await?;
    db::commit(transaction).await?;
    Ok(link)
}

fn restore(link: &mut LinkRow, version: &LinkState) {
    let current_cap = link.options().click_cap;
    let revision = link.revision.unsigned_abs();
    version.put_into(link);
    let mut options = link.options();
    if let Some(cap) = &mut options.click_cap {
        // As with edits: a cap goes on counting, or counts anew where there was none.
        cap.set_after = current_cap.map_or(revision, |current| current.set_after);
    }
    link.set_options(options);
}
