use std::collections::HashMap;
use std::collections::hash_map::Entry;

use axum::Json;
use axum::extract::State;
use contract::LinkId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::outcome::{BulkOutcome, PIECE, Refusals, RowOutcome, Written};
use super::selection::{Chosen, Selection};
use crate::audit::{Action, Cause};
use crate::auth::Caller;
use crate::db::{self, LinkRow};
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;
use crate::json::JsonBody;
use crate::once::Once;
use crate::problem::Problem;
use crate::propagation::Wait;
use crate::routes::Query;
use crate::routes::links::edit::Edit;
use crate::routes::links::utm::Templates;
use crate::routes::links::{UpdateLink, fields};
use crate::state::AppState;

/// What to change in which links.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateLinks {
    /// Which links.
    pub(super) select: Selection,
    /// What to change in each, as in an edit of one link. An external id is refused: no two links
    /// share one.
    #[serde(default)]
    change: Option<UpdateLink>,
    /// Tags that each gets, besides those that it has.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["spring"]))]
    add_tags: Vec<String>,
    /// Tags that each loses.
    #[serde(default)]
    #[schema(max_items = 50)]
    remove_tags: Vec<String>,
    /// True edits all of them or, if one is refused, none.
    #[serde(default)]
    #[schema(default = false)]
    all_or_nothing: bool,
}

/// Edit many links
///
/// Each link is edited or refused for itself, all in one transaction.
#[utoipa::path(post, path = "/api/v1/links/bulk/edit", tag = "links", request_body = UpdateLinks,
    params(Wait),
    responses(
        (status = 200, description = "What became of each link", body = BulkOutcome),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "`not_found`: the key does not see the domain of the filter",
            body = Problem),
        (status = 413, description = "Body over 8 MiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`, `busy`", body = Problem),
    ))]
pub async fn update_links(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    Query(wait): Query<Wait>,
    JsonBody(body): JsonBody<UpdateLinks>,
) -> Result<Json<BulkOutcome>> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    let mut given = body.change.unwrap_or_default();
    let templates = Templates::load(&state, &caller, given.utm_template.is_some()).await?;
    templates
        .fill(&mut given.utm, &mut given.utm_template)
        .map_err(|error| error.below("change"))?;
    let mut change = Change::check(given, &body.add_tags, &body.remove_tags, &state)?;
    change.edit.hash_password(&state).await?;
    let chosen = body.select.chosen(&state, &caller).await?;
    let task = tokio::spawn({
        let state = state.clone();
        let all_or_nothing = body.all_or_nothing;
        async move {
            let action = Action::Updated;
            let apply = |link: &mut LinkRow| change.apply(link, &caller, &state);
            write(
                &state,
                &caller,
                &chosen,
                action,
                all_or_nothing,
                &once,
                apply,
            )
            .await
        }
    });
    let written = task.await.map_err(Error::internal)??;
    Ok(Json(written.load(&state, patience).await?))
}

/// An edit of many links, in order.
struct Change {
    edit: Edit,
    add_tags: Vec<String>,
    remove_tags: Vec<String>,
}

impl Change {
    fn check(
        change: UpdateLink,
        add_tags: &[String],
        remove_tags: &[String],
        state: &AppState,
    ) -> Result<Self> {
        if change.external_id.is_some() {
            let message = "no two links share an external id";
            return Err(Error::invalid("change.external_id", "not_in_bulk", message));
        }
        let edit =
            Edit::check(change, FieldCheck::new(state)).map_err(|error| error.below("change"))?;
        let mut check = FieldCheck::new(state);
        let add_tags = fields::named_tags("add_tags", add_tags, &mut check);
        let remove_tags = fields::named_tags("remove_tags", remove_tags, &mut check);
        check.finish()?;
        Ok(Self {
            edit,
            add_tags,
            remove_tags,
        })
    }

    fn apply(&self, link: &mut LinkRow, caller: &Caller, state: &AppState) -> Result<()> {
        let mut check = FieldCheck::new(state);
        self.edit.clone().apply(link, &mut check);
        link.tags.retain(|tag| !self.remove_tags.contains(tag));
        link.tags.extend(self.add_tags.iter().cloned());
        link.tags.sort_unstable();
        link.tags.dedup();
        if let Some(tag) = &caller.only_tag {
            fields::add_tag(&mut link.tags, tag, &mut check);
        }
        check.length("tags", link.tags.len(), 0..=fields::MAX_TAGS);
        let status = link.redirect_status()?;
        fields::together(status, &link.options(), link.expires_at, &mut check);
        check.finish()
    }
}

/// Changes each of these links, in one transaction.
pub(super) async fn write(
    state: &AppState,
    caller: &Caller,
    chosen: &[Chosen],
    action: Action,
    all_or_nothing: bool,
    once: &Once,
    apply: impl Fn(&mut LinkRow) -> Result<()>,
) -> Result<Written> {
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    let asked = chosen.iter().filter_map(|chosen| Some(chosen.id?.0));
    db::hold_links(
        &mut transaction,
        caller.workspace_id,
        &asked.collect::<Vec<_>>(),
    )
    .await?;
    let cause = Cause {
        action,
        actor: &caller.identity.to_string(),
        at: state.now(),
    };
    let mut refusals = Refusals::default();
    let mut results = Vec::with_capacity(chosen.len());
    // Links that stay as they are can be waited for, too.
    let mut revision = None;
    let mut seen = HashMap::new();
    for piece in chosen.chunks(PIECE) {
        let ids: Vec<_> = piece
            .iter()
            .filter_map(|chosen| Some(chosen.id?.0))
            .collect();
        let mut locked = db::lock_links(&mut transaction, caller.workspace_id, &ids).await?;
        let mut changed = Vec::with_capacity(locked.len());
        for Chosen { place, id } in piece {
            // One that is named again is told again.
            match id.map(|id| seen.entry(id)) {
                Some(Entry::Occupied(first)) => {
                    let again = RowOutcome::clone(&results[*first.get()]);
                    results.push(again);
                    continue;
                }
                Some(Entry::Vacant(first)) => drop(first.insert(results.len())),
                None => {}
            }
            let outcome = applied(caller, &mut locked, *id, &apply);
            match outcome {
                Ok((is_changed, link)) => {
                    results.push(RowOutcome::done(link));
                    revision = revision.max(Some(link.revision));
                    changed.extend(is_changed.then(|| link.clone()));
                }
                Err(reason) => {
                    refusals.add("select.ids", *place, &reason);
                    results.push(RowOutcome::refused(*id, None, &reason));
                }
            }
        }
        // Of what is refused as a whole, nothing more need be written.
        let is_in_vain = all_or_nothing && !refusals.is_empty();
        if !changed.is_empty() && !is_in_vain {
            let written = db::write_links(&mut transaction, &changed, &cause).await?;
            revision = revision.max(written.last().map(|link| link.revision));
        }
    }
    if all_or_nothing {
        refusals.finish()?;
    }
    let written = Written { results, revision };
    written.keep(once, &mut transaction).await?;
    db::commit(transaction).await?;
    Ok(written)
}

/// A link as it is to be, and whether that is something else.
fn applied<'l>(
    caller: &Caller,
    locked: &'l mut [LinkRow],
    id: Option<LinkId>,
    apply: impl Fn(&mut LinkRow) -> Result<()>,
) -> Result<(bool, &'l LinkRow)> {
    // In the order of their ids, as they were locked.
    let found = id.and_then(|id| locked.binary_search_by_key(&id.0, |link| link.id).ok());
    let link = &mut locked[found.ok_or(Error::NotFound("link"))?];
    if !caller.sees(&link.domain, &link.tags) {
        return Err(Error::NotFound("link"));
    }
    if link.deleted_at.is_some() {
        return Err(Error::LinkGone);
    }
    let before = link.clone();
    apply(link)?;
    Ok((*link != before, link))
}
