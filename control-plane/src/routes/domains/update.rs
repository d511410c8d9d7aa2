use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::Domain;
use super::app_files;
use super::own::{self, Standing};
use crate::audit::{self, Event};
use crate::auth::Caller;
use crate::db::{self, DomainRow};
use crate::error::{Error, Result};
use crate::json::{self, Fields, JsonFields};
use crate::problem::Problem;
use crate::routes::DomainPath;
use crate::state::AppState;
use crate::versions::{IfMatch, Versioned};

/// What to change. Absent fields stay; `null` clears what may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateDomain {
    /// Where `/` leads.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 2048, example = "https://example.com/")]
    root_url: Option<Option<String>>,
    /// Where codes lead that do not exist.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    not_found_url: Option<Option<String>>,
    /// Where expired links lead that have no such target of their own.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    expired_url: Option<Option<String>>,
    /// Whether `ABC` means `abc`. Can be switched on while no code has capital letters.
    #[serde(default, deserialize_with = "json::not_null")]
    #[schema(nullable = false)]
    ignores_case: Option<bool>,
    /// What iOS gets at `/.well-known/apple-app-site-association`: apps that may open links of the
    /// domain. A JSON object.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<Object>, example = json!({
        "applinks": { "details": [{ "appIDs": ["ABCDE12345.com.example.app"] }] }
    }))]
    apple_app_site_association: Option<Option<Value>>,
    /// What Android gets at `/.well-known/assetlinks.json`: the same for its apps. A JSON array.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<Vec<Object>>)]
    assetlinks: Option<Option<Value>>,
}

/// Change a domain's settings
///
/// For owners and admins. Proxies follow as they follow edits of links.
#[utoipa::path(patch, path = "/api/v1/domains/{domain}", tag = "domains",
    request_body = UpdateDomain,
    params(("domain" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "The domain as it is now", body = Domain),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 409, description = "`conflict`: there are codes with capital letters;
            `not_verified`: it is pending",
            body = Problem),
        (status = 412, description = "`stale`", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn update_domain(
    State(state): State<AppState>,
    caller: Caller,
    DomainPath(name): DomainPath,
    if_match: IfMatch,
    JsonFields(fields): JsonFields<UpdateDomain>,
) -> Result<Versioned<Domain>> {
    if let Standing::Pending(_) = own::named(&state, &caller, &name).await? {
        return Err(Error::NotVerified);
    }
    let edit = Edit::check(fields, &state)?;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { edit.write(&state, &caller, &name, &if_match).await });
    let row = task.await.map_err(Error::internal)??;
    Ok(Versioned(row.revision, row.into()))
}

/// An edit whose fields are in order. The outer `None` leaves a field alone.
struct Edit {
    root_url: Option<Option<String>>,
    not_found_url: Option<Option<String>>,
    expired_url: Option<Option<String>>,
    ignores_case: Option<bool>,
    apple_app_site_association: Option<Option<Json<Value>>>,
    assetlinks: Option<Option<Json<Value>>>,
}

impl Edit {
    fn check(given: Fields<UpdateDomain>, state: &AppState) -> Result<Self> {
        let (body, mut check) = given.check(state);
        let mut url = |field, text: Option<Option<String>>| {
            text.map(|text| text.and_then(|text| check.url(field, &text)))
        };
        let edit = Self {
            root_url: url("root_url", body.root_url),
            not_found_url: url("not_found_url", body.not_found_url),
            expired_url: url("expired_url", body.expired_url),
            ignores_case: body.ignores_case,
            apple_app_site_association: body
                .apple_app_site_association
                .map(|file| app_files::apple_app_site_association(file?, &mut check)),
            assetlinks: body
                .assetlinks
                .map(|file| app_files::assetlinks(file?, &mut check)),
        };
        check.finish()?;
        Ok(edit)
    }

    async fn write(
        self,
        state: &AppState,
        caller: &Caller,
        domain: &contract::Domain,
        if_match: &IfMatch,
    ) -> Result<DomainRow> {
        let now = state.now();
        let mut transaction = db::begin(&state.pool).await?;
        let workspace_id = caller.workspace_id;
        if *domain == state.config.default_domain {
            db::insert_domain(&mut transaction, domain, workspace_id, now).await?;
        }
        // Before the domain: whoever removes it waits in this order, too.
        let may_ignore_case = self.ignores_case != Some(true)
            || db::has_lower_case_only(&mut transaction, domain).await?;
        let row = db::lock_domain(&mut transaction, domain, workspace_id).await?;
        let mut row = row.ok_or(Error::NotFound("domain"))?;
        if_match.check(row.revision)?;
        let before = row.clone();
        if !may_ignore_case && !row.ignores_case {
            return Err(Error::Conflict(
                "some codes of this domain, perhaps of deleted links, have capital letters; \
                 nobody would find them any more",
            ));
        }
        if let Some(url) = self.root_url {
            row.root_url = url;
        }
        if let Some(url) = self.not_found_url {
            row.not_found_url = url;
        }
        if let Some(url) = self.expired_url {
            row.expired_url = url;
        }
        if let Some(ignores_case) = self.ignores_case {
            row.ignores_case = ignores_case;
        }
        if let Some(file) = self.apple_app_site_association {
            row.apple_app_site_association = file;
        }
        if let Some(file) = self.assetlinks {
            row.assetlinks = file;
        }
        // One that was only just made is written in any case.
        if row == before && row.revision > 0 {
            return Ok(row);
        }
        let actor = caller.identity.to_string();
        let row = write_settings(&mut transaction, row, &actor, now).await?;
        db::commit(transaction).await?;
        Ok(row)
    }
}

/// Writes the settings of a domain that the transaction has locked, and says who set them. Must be its
/// last statements.
pub(crate) async fn write_settings(
    connection: &mut PgConnection,
    row: DomainRow,
    actor: &str,
    now: OffsetDateTime,
) -> Result<DomainRow> {
    db::update_domain(connection, &row).await?;
    let (name, workspace_id) = (row.domain.clone(), row.workspace_id);
    let event = Event {
        actor,
        action: "domain.updated",
        subject: name.clone(),
        state: serde_json::to_string(&Domain::from(row)).map_err(Error::internal)?,
    };
    audit::record(connection, workspace_id, &[event], now).await?;
    db::log_domain_change(connection, &name, now).await
}
