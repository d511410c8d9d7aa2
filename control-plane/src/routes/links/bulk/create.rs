use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::outcome::{BulkOutcome, MAX_ROWS, Refusals, RoomForErrors, RowOutcome, Written};
use super::rows::{self, Row};
use crate::audit::{Action, Cause};
use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;
use crate::json::{self, Fields, JsonBody};
use crate::once::Once;
use crate::problem::Problem;
use crate::propagation::Wait;
use crate::routes::Query;
use crate::routes::links::CreateLink;
use crate::routes::links::draft::Draft;
use crate::routes::links::utm::Templates;
use crate::state::AppState;

/// Others may take a code between our looking and our writing; looking again finds it taken.
const ATTEMPTS: usize = 5;

/// Longest row, in bytes, of which all that cannot be read is told at once: for ten thousand rows, that takes
/// some seconds at worst.
const THOROUGHLY_READ: usize = 2 * 1024;

/// Links to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateLinks {
    /// At most 10,000. Passwords are refused here: to hash so many would take minutes.
    // Read one by one, so that each row gets an answer of its own.
    #[schema(value_type = Vec<CreateLink>, min_items = 1, max_items = 10_000)]
    links: Vec<Value>,
    /// True makes all of them or, if one is refused, none.
    #[serde(default)]
    #[schema(default = false)]
    all_or_nothing: bool,
}

/// Create many links
///
/// Each row is made or refused for itself, all in one transaction: when the answer comes, what it
/// says is what was stored. With `all_or_nothing`, one refused row refuses the request, and the
/// fields in `errors` begin with `links[…]`.
#[utoipa::path(post, path = "/api/v1/links/bulk", tag = "links", request_body = CreateLinks,
    params(Wait),
    responses(
        (status = 200, description = "What became of each row", body = BulkOutcome),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 409, description = "`conflict`: others were faster again and again",
            body = Problem),
        (status = 413, description = "Body over 8 MiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn create_links(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    Query(wait): Query<Wait>,
    JsonBody(body): JsonBody<CreateLinks>,
) -> Result<Json<BulkOutcome>> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    if !(1..=MAX_ROWS).contains(&body.links.len()) {
        let message = format!("1 to {MAX_ROWS} links can be made at once");
        return Err(Error::invalid("links", "wrong_length", message));
    }
    let all_or_nothing = body.all_or_nothing;
    let task = tokio::spawn({
        let state = state.clone();
        async move { write(&state, &caller, body.links, all_or_nothing, &once).await }
    });
    let written = task.await.map_err(Error::internal)??;
    Ok(Json(written.load(&state, patience).await?))
}

async fn write(
    state: &AppState,
    caller: &Caller,
    links: Vec<Value>,
    all_or_nothing: bool,
    once: &Once,
) -> Result<Written> {
    let names_template = |link: &Value| {
        link.get("utm_template")
            .is_some_and(|template| !template.is_null())
    };
    let is_named = links.iter().any(names_template);
    let templates = Templates::load(state, caller, is_named).await?;
    // Ten thousand addresses take a moment to check, in which this thread would answer nobody.
    let checking = tokio::task::spawn_blocking({
        let (state, caller) = (state.clone(), caller.clone());
        move || {
            let mut room = RoomForErrors::default();
            let mut drafts = Vec::with_capacity(links.len());
            for link in links {
                let draft = check(link, room.is_spent(), &templates, &caller, &state);
                drafts.push(draft.map_err(|reason| room.shorten(reason)));
            }
            drafts
        }
    });
    let drafts: Vec<Result<Draft>> = checking.await.map_err(Error::internal)?;
    for _ in 1..ATTEMPTS {
        match attempt(state, caller, &drafts, all_or_nothing, once).await {
            Err(Error::Conflict(_)) => {}
            other => return other,
        }
    }
    attempt(state, caller, &drafts, all_or_nothing, once).await
}

/// A row of an import, which names no template. It may have expired: it comes from somewhere else, where
/// time has gone on.
pub(super) fn check_imported(link: Value, state: &AppState) -> Result<Draft> {
    let check = FieldCheck::with_past(state);
    draft(Fields::read(link)?, check, &Templates::none(), state)
}

/// A row. Whether it is enough to tell the first thing that cannot be read?
fn check(
    link: Value,
    is_first_enough: bool,
    templates: &Templates,
    caller: &Caller,
    state: &AppState,
) -> Result<Draft> {
    let fields = match is_first_enough {
        true => Fields::new(json::typed(link)?, Vec::new()),
        false => Fields::read_thoroughly(link, THOROUGHLY_READ)?,
    };
    let mut draft = draft(fields, FieldCheck::new(state), templates, state)?;
    draft.restrict(caller, state)?;
    Ok(draft)
}

fn draft(
    fields: Fields<CreateLink>,
    check: FieldCheck<'_>,
    templates: &Templates,
    state: &AppState,
) -> Result<Draft> {
    let (mut link, mut check) = fields.check_with(check);
    if link.password.take().is_some() {
        check.refuse("password", "not_in_bulk", "set passwords link by link");
    }
    check.found(templates.fill(&mut link.utm, &mut link.utm_template))?;
    Draft::check(link, state, check)
}

async fn attempt(
    state: &AppState,
    caller: &Caller,
    drafts: &[Result<Draft>],
    all_or_nothing: bool,
    once: &Once,
) -> Result<Written> {
    let now = state.now();
    let actor = caller.identity.to_string();
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    db::take_names(&mut transaction).await?;
    let rows = {
        let maker = (caller.workspace_id, actor.as_str());
        rows::settle(
            &mut transaction,
            drafts,
            maker,
            &state.config.default_domain,
            now,
        )
        .await?
    };
    if all_or_nothing {
        let mut refusals = Refusals::default();
        for (place, row) in rows.iter().enumerate() {
            if let Row::Refused { reason, .. } = row {
                refusals.add("links", place, reason);
            }
        }
        refusals.finish()?;
    }
    let outcome = |row: &Row| match row {
        Row::New(link) => RowOutcome::done(link),
        Row::Refused { code, reason } => RowOutcome::refused(None, code.clone(), reason),
    };
    let results = rows.iter().map(outcome).collect();
    let new: Vec<_> = rows.into_iter().filter_map(Row::link).collect();
    let mut revision = None;
    if !new.is_empty() {
        let cause = Cause {
            action: Action::Created,
            actor: &actor,
            at: now,
        };
        let made = db::insert_links(&mut transaction, new, &cause).await?;
        revision = made.last().map(|link| link.revision);
    }
    let written = Written { results, revision };
    written.keep(once, &mut transaction).await?;
    db::commit(transaction).await?;
    Ok(written)
}
