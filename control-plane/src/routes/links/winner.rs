use axum::extract::State;
use contract::LinkId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Link, WrittenLink, fields};
use crate::audit::{Action, Cause};
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

/// Which variant has won.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Winner {
    /// Its number, as in statistics: the first is 1.
    #[schema(minimum = 1, maximum = 8)]
    variant: i64,
}

/// End a split
///
/// One variant has won: from now on the link leads to its target, and has no split any more. What was
/// counted stays.
#[utoipa::path(post, path = "/api/v1/links/{id}/split/winner", tag = "links",
    request_body = Winner,
    params(("id" = String, Path, description = "`lnk_…`"), Wait),
    responses(
        (status = 200, description = "The link as it is now", body = WrittenLink),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 409, description = "`conflict`: the link has no split", body = Problem),
        (status = 410, description = "`link_gone`", body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`: there is no such variant, or its target is \
            not allowed any more", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn end_link_split(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    LinkPath(id): LinkPath,
    if_match: IfMatch,
    Query(wait): Query<Wait>,
    JsonBody(body): JsonBody<Winner>,
) -> Result<WrittenLink> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    let total = Link::total(&state, id).await;
    let task = tokio::spawn({
        let state = state.clone();
        let end = End {
            id,
            variant: body.variant,
            if_match,
            total,
        };
        async move { end.write(&state, &caller, &once).await }
    });
    let link = task.await.map_err(Error::internal)??;
    let link = WrittenLink::kept(&state, link, patience).await;
    Ok(link)
}

struct End {
    id: LinkId,
    variant: i64,
    if_match: IfMatch,
    total: Option<LinkTotals>,
}

impl End {
    async fn write(self, state: &AppState, caller: &Caller, once: &Once) -> Result<Link> {
        let mut transaction = db::begin(&state.pool).await?;
        once.begin(&mut transaction).await?;
        let mut link = db::lock_link(&mut transaction, caller.workspace_id, self.id).await?;
        caller.must_see(&link)?;
        self.if_match.check(link.revision)?;
        let mut check = FieldCheck::new(state);
        self.apply(&mut link, &mut check)?;
        if let Some(tag) = &caller.only_tag {
            fields::add_tag(&mut link.tags, tag, &mut check);
        }
        check.finish()?;
        let cause = Cause {
            action: Action::Updated,
            actor: &caller.identity.to_string(),
            at: state.now(),
        };
        db::update_link(&mut transaction, &link).await?;
        let row = db::log_change(&mut transaction, &link, &cause).await?;
        let link = Link::with_total(state, row, self.total);
        link.keep(once, &mut transaction).await?;
        db::commit(transaction).await?;
        Ok(link)
    }

    fn apply(&self, link: &mut LinkRow, check: &mut FieldCheck<'_>) -> Result<()> {
        let mut options = link.options();
        let split = options.split.take();
        let split = split.ok_or(Error::Conflict("the link has no split"))?;
        let place = usize::try_from(self.variant).ok();
        let place = place.and_then(|number| number.checked_sub(1));
        match place.and_then(|place| split.variants.get(place)) {
            // It may have come onto the blocklist since.
            Some(winner) => {
                link.original_url = check.url("variant", &winner.url).unwrap_or_default()
            }
            None => check.refuse("variant", "unknown_variant", "there is no such variant"),
        }
        link.set_options(options);
        Ok(())
    }
}
