use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;
use sqlx::PgConnection;

use super::own::{self, Standing};
use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::DomainPath;
use crate::state::AppState;
use crate::versions::IfMatch;

/// Remove a domain
///
/// One that has no links, not even deleted ones: their codes would lead nowhere, and come to belong
/// to whoever has the domain next.
#[utoipa::path(delete, path = "/api/v1/domains/{domain}", tag = "domains",
    params(("domain" = String, Path, description = "Its name")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 409, description = "`conflict`: it has links, or is the installation's own",
            body = Problem),
        (status = 412, description = "`stale`", body = Problem),
    ))]
pub async fn remove_domain(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
    DomainPath(name): DomainPath,
) -> Result<StatusCode> {
    let standing = own::named(&state, &caller, &name).await?;
    if name == state.config.default_domain {
        return Err(Error::Conflict("the installation's own domain stays"));
    }
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move {
        let is_pending = matches!(standing, Standing::Pending(_));
        if is_pending && withdraw(&state, &caller, &name).await? {
            return Ok(true);
        }
        // It may have been shown to be theirs meanwhile.
        remove(&state, &caller, &name, &if_match).await
    });
    match task.await.map_err(Error::internal)?? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Error::NotFound("domain")),
    }
}

/// Of a domain that was not shown to be theirs.
async fn withdraw(state: &AppState, caller: &Caller, domain: &contract::Domain) -> Result<bool> {
    let mut transaction = db::begin(&state.pool).await?;
    if !db::delete_claim(&mut transaction, caller.workspace_id, domain).await? {
        return Ok(false);
    }
    record(&mut transaction, state, caller, domain).await?;
    db::commit(transaction).await?;
    Ok(true)
}

async fn record(
    connection: &mut PgConnection,
    state: &AppState,
    caller: &Caller,
    domain: &contract::Domain,
) -> Result<()> {
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "domain.removed", state.now());
    let removed = json!({ "domain": domain });
    deed.record(connection, domain, &removed).await
}

async fn remove(
    state: &AppState,
    caller: &Caller,
    domain: &contract::Domain,
    if_match: &IfMatch,
) -> Result<bool> {
    let workspace_id = caller.workspace_id;
    let mut transaction = db::begin(&state.pool).await?;
    // Nobody makes a link there until this is done.
    db::has_lower_case_only(&mut transaction, domain).await?;
    let Some(mut row) = db::lock_domain(&mut transaction, domain, workspace_id).await? else {
        return Ok(false);
    };
    if_match.check(row.revision)?;
    if db::has_links(&mut transaction, domain).await? {
        return Err(Error::Conflict("there are links on this domain"));
    }
    // Proxies keep the last that they heard: nothing leads anywhere.
    (row.root_url, row.not_found_url, row.expired_url) = (None, None, None);
    db::update_domain(&mut transaction, &row).await?;
    record(&mut transaction, state, caller, domain).await?;
    db::log_domain_change(&mut transaction, domain.as_str(), state.now()).await?;
    db::delete_domain(&mut transaction, domain).await?;
    db::commit(transaction).await?;
    state.own_domains.refresh(&state.pool).await;
    Ok(true)
}
