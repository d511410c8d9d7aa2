use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use contract::LinkId;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::draft::Draft;
use super::edit::Edit;
use super::utm::Templates;
use super::{CreateLink, Link, UpdateLink, WrittenLink};
use crate::auth::Caller;
use crate::db::{self, LinkRow};
use crate::error::{Error, Result};
use crate::json::{Fields, JsonBody};
use crate::once::Once;
use crate::problem::Problem;
use crate::propagation::Wait;
use crate::routes::{ExternalId, NewExternalId, Query};
use crate::state::AppState;
use crate::versions::{IfMatch, Versioned};

/// Two requests may make the link at the same time; the second then finds it.
const ATTEMPTS: usize = 3;

/// Read a link by its external id
#[utoipa::path(get, path = "/api/v1/links/by-external-id/{external_id}", tag = "links",
    params(("external_id" = String, Path, description = "What another system calls it")),
    responses(
        (status = 200, description = "The link", body = Link),
        (status = 304, description = "Not changed"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 503, description = "`unavailable`, `busy`", body = Problem),
    ))]
pub async fn get_external_link(
    State(state): State<AppState>,
    caller: Caller,
    ExternalId(external_id): ExternalId,
) -> Result<Versioned<Link>> {
    let row = db::find_external_link(&state.pool, caller.workspace_id, &external_id).await?;
    let row = row.filter(|row| caller.sees(&row.domain, &row.tags));
    let row = row.ok_or(Error::NotFound("link"))?;
    let link = Link::load_one(&state, row).await?;
    Ok(Versioned(link.revision(), link))
}

/// Create or edit a link by its external id
///
/// If no link outside the bin has it, one is made of the body. Else that one is edited: absent
/// fields stay as they are, `null` clears. `domain`, `code` and `external_id` cannot be changed, only
/// repeated.
#[utoipa::path(put, path = "/api/v1/links/by-external-id/{external_id}", tag = "links",
    request_body = CreateLink,
    params(("external_id" = String, Path, description = "What another system calls it"), Wait),
    responses(
        (status = 200, description = "Edited", body = WrittenLink),
        (status = 201, description = "Made", body = WrittenLink,
            headers(("Location" = String, description = "Address of the link in this API"))),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "`not_found`: the domain is not yours", body = Problem),
        (status = 409, description = "`code_taken`, with a suggestion; `conflict`: a link that the key does \
            not see has the external id", body = Problem),
        (status = 412, description = "`stale`, also with `If-Match` if there is no such link, and with \
            `If-None-Match: *` if there is", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`, `busy`", body = Problem),
    ))]
pub async fn put_external_link(
    State(state): State<AppState>,
    caller: Caller,
    NewExternalId(external_id): NewExternalId,
    if_match: IfMatch,
    Query(wait): Query<Wait>,
    JsonBody(body): JsonBody<Map<String, Value>>,
) -> Result<Response> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    let put = Put {
        state: state.clone(),
        caller,
        external_id,
        if_match,
        body,
    };
    let task = tokio::spawn(async move { put.write().await });
    let (status, row) = task.await.map_err(Error::internal)??;
    let location = Link::location(LinkId(row.id));
    let link = WrittenLink::load(&state, row, patience).await?;
    let link = (status, link);
    Ok(match status {
        StatusCode::CREATED => ([(LOCATION, location)], link).into_response(),
        _ => link.into_response(),
    })
}

struct Put {
    state: AppState,
    caller: Caller,
    external_id: String,
    if_match: IfMatch,
    body: Map<String, Value>,
}

impl Put {
    async fn write(&self) -> Result<(StatusCode, LinkRow)> {
        for _ in 1..ATTEMPTS {
            match self.attempt().await {
                Err(Error::Conflict(_)) => {}
                other => return other,
            }
        }
        self.attempt().await
    }

    async fn attempt(&self) -> Result<(StatusCode, LinkRow)> {
        let pool = &self.state.pool;
        let workspace_id = self.caller.workspace_id;
        let found = db::find_external_link(pool, workspace_id, &self.external_id).await?;
        let mut body = self.body.clone();
        let asked = body.insert("external_id".into(), self.external_id.clone().into());
        if asked.is_some_and(|asked| !asked.is_null() && asked != *self.external_id) {
            let message = "the path says what the link is called, the body can only repeat it";
            return Err(Error::invalid("external_id", "cannot_be_changed", message));
        }
        let is_named = body.contains_key("utm_template");
        let templates = Templates::load(&self.state, &self.caller, is_named).await?;
        let Some(found) = found else {
            self.if_match.check_absent()?;
            let fields = Fields::<CreateLink>::read(body)?;
            let (mut create, mut check) = fields.check(&self.state);
            check.found(templates.fill(&mut create.utm, &mut create.utm_template))?;
            let mut draft = Draft::check(create, &self.state, check)?;
            draft.restrict(&self.caller, &self.state)?;
            draft.hash_password(&self.state).await?;
            let actor = self.caller.identity.to_string();
            let maker = (workspace_id, actor.as_str());
            let made = draft.insert(&self.state, maker, &Once::default()).await?;
            return Ok((StatusCode::CREATED, made));
        };
        if !self.caller.sees(&found.domain, &found.tags) {
            return Err(Error::Conflict("another link has this external id"));
        }
        // Domains are read in any case.
        if let Some(Value::String(domain)) = body.get_mut("domain") {
            domain.make_ascii_lowercase();
        }
        for (field, current) in [("domain", &found.domain), ("code", &found.code)] {
            let asked = body.remove(field);
            if asked.is_some_and(|asked| !asked.is_null() && asked != **current) {
                let message = format!("the link has another {field}, which cannot be changed");
                return Err(Error::invalid(field, "cannot_be_changed", message));
            }
        }
        repeated(&mut body, &found);
        let fields = Fields::<UpdateLink>::read(body)?;
        let (mut change, mut check) = fields.check(&self.state);
        check.found(templates.fill(&mut change.utm, &mut change.utm_template))?;
        let mut edit = Edit::check(change, check)?;
        edit.hash_password(&self.state).await?;
        // Locked by its name, not by its id: it may have been given away since.
        let mut transaction = db::begin(pool).await?;
        let locked = db::lock_external_link(&mut transaction, workspace_id, &self.external_id);
        let link = locked.await?.filter(|link| link.id == found.id);
        let link = link.ok_or(Error::Conflict("the link was changed at the same time"))?;
        self.if_match.check(link.revision)?;
        let link = edit.write_locked(&mut transaction, &self.state, &self.caller, link);
        let link = link.await?;
        db::commit(transaction).await?;
        Ok((StatusCode::OK, link))
    }
}

/// Takes out what a body may say again that made the link, and an edit may not say: the same request must do
/// for both.
fn repeated(body: &mut Map<String, Value>, link: &LinkRow) {
    for field in ["redirect_status", "utm", "utm_template"] {
        if body.get(field).is_some_and(Value::is_null) {
            body.remove(field);
        }
    }
    // It may have passed meanwhile.
    let expires_at = body.get("expires_at").and_then(Value::as_str);
    let expires_at = expires_at.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    if expires_at.is_some() && expires_at == link.expires_at {
        body.remove("expires_at");
    }
}
