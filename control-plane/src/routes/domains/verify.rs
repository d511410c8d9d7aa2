use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::own::{self, Standing};
use super::{Domain, record_name, record_value};
use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::once::Once;
use crate::problem::Problem;
use crate::routes::DomainPath;
use crate::state::AppState;

/// Verify a domain
///
/// Looks for the TXT record. If it is there, the domain is the workspace's from now on, and may have
/// links. The record may be removed afterwards. Nothing happens to a domain that is active.
#[utoipa::path(post, path = "/api/v1/domains/{domain}/verify", tag = "domains",
    params(("domain" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "Active", body = Domain),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 409, description = "`not_verified`: the record is not there (yet); `conflict`: it
            is another workspace's", body = Problem),
        (status = 503, description = "`no_name_server`", body = Problem),
    ))]
pub async fn verify_domain(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    DomainPath(name): DomainPath,
) -> Result<Json<Domain>> {
    let claim = match own::named(&state, &caller, &name).await? {
        Standing::Active(row) => return Ok(Json(Standing::Active(row).view(&name))),
        Standing::Pending(claim) => claim,
    };
    let expected = record_value(&claim.token);
    let texts = state.dns.texts(&record_name(name.as_str())).await?;
    if !texts.iter().any(|text| text.trim() == expected) {
        return Err(Error::NotVerified);
    }
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { take(&state, &caller, &name, &once).await });
    Ok(Json(task.await.map_err(Error::internal)??))
}

async fn take(
    state: &AppState,
    caller: &Caller,
    domain: &contract::Domain,
    once: &Once,
) -> Result<Domain> {
    let (now, workspace_id) = (state.now(), caller.workspace_id);
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    if !db::delete_claim(&mut transaction, workspace_id, domain).await? {
        drop(transaction);
        // Perhaps somebody else showed it at the same time.
        return match own::named(state, caller, domain).await? {
            Standing::Active(row) => Ok(Standing::Active(row).view(domain)),
            Standing::Pending(_) => Err(Error::NotFound("domain")),
        };
    }
    if !db::insert_domain(&mut transaction, domain, workspace_id, now).await? {
        return Err(Error::Conflict(
            "this domain is another workspace's; it has to be removed there first",
        ));
    }
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "domain.verified", now);
    deed.record(&mut transaction, domain, &Domain::untouched(domain))
        .await?;
    let row = db::log_domain_change(&mut transaction, domain.as_str(), now).await?;
    let taken = Domain::from(row);
    once.keep(&mut transaction, StatusCode::OK, None, &taken)
        .await?;
    db::commit(transaction).await?;
    state.own_domains.refresh(&state.pool).await;
    Ok(taken)
}
