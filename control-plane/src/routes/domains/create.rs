use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Domain;
use crate::auth::Caller;
use crate::db::{self, ClaimRow};
use crate::error::{Error, Result};
use crate::json::JsonBody;
use crate::once::Once;
use crate::problem::Problem;
use crate::state::AppState;

/// Domains of a workspace, shown and not. A list shows them all.
const MOST: i64 = 100;

/// A domain to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDomain {
    /// Its name.
    #[schema(example = "go.example.com", max_length = 253)]
    domain: String,
}

/// Add a domain
///
/// It is pending until it is shown to be yours: put the TXT record of `verification` into the DNS,
/// and verify it.
#[utoipa::path(post, path = "/api/v1/domains", tag = "domains", request_body = AddDomain,
    responses(
        (status = 201, description = "Pending", body = Domain,
            headers(("Location" = String, description = "Address of the domain in this API"))),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 409, description = "`conflict`: it is there already, or there are too many",
            body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn add_domain(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    JsonBody(body): JsonBody<AddDomain>,
) -> Result<impl IntoResponse> {
    let domain = public_name(&body.domain).ok_or_else(|| {
        let message = "a domain is a name in the public DNS, like go.example.com";
        Error::invalid("domain", "invalid_domain", message)
    })?;
    if domain == state.config.default_domain {
        return Err(Error::Conflict("this is the installation's own domain"));
    }
    let claim = ClaimRow {
        domain: domain.to_string(),
        token: URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 24]>()),
        created_at: state.now(),
    };
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { insert(&state, &caller, claim, &once).await });
    let added = task.await.map_err(Error::internal)??;
    let location = AppendHeaders([(LOCATION, added.location())]);
    Ok((StatusCode::CREATED, location, Json(added)))
}

/// Names that a zone can have: no address, no single label.
fn public_name(text: &str) -> Option<contract::Domain> {
    let text = text.trim();
    let domain: contract::Domain = text.parse().ok()?;
    let name = domain.as_str();
    let last = name.rsplit('.').next()?;
    let is_name = name.contains('.') && last.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_public = !["localhost", "local", "internal", "invalid"].contains(&last);
    (is_name && is_public && !text.contains(':')).then_some(domain)
}

async fn insert(state: &AppState, caller: &Caller, claim: ClaimRow, once: &Once) -> Result<Domain> {
    let workspace_id = caller.workspace_id;
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    if db::count_domains(&mut transaction, workspace_id).await? >= MOST {
        return Err(Error::Conflict("a workspace has at most 100 domains"));
    }
    let domain: contract::Domain = claim.domain.parse().map_err(Error::internal)?;
    if db::owns_domain(&mut transaction, workspace_id, &domain).await?
        || !db::insert_claim(&mut transaction, workspace_id, &claim).await?
    {
        return Err(Error::Conflict("this domain is there already"));
    }
    let added = Domain::from(claim);
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "domain.added", state.now());
    deed.record(&mut transaction, &domain, &added).await?;
    let (status, location) = (StatusCode::CREATED, added.location());
    let kept = once.keep(&mut transaction, status, Some(&location), &added);
    kept.await?;
    db::commit(transaction).await?;
    Ok(added)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_public_dns_are_domains() {
        for good in ["go.example.com", "GO.Example.com.", "xn--bcher-kva.example"] {
            assert!(public_name(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "localhost",
            "go",
            "a b.example",
            "bücher.example",
            "10.0.0.1",
            "[::1]",
            "a.localhost",
            "example.com:8080",
            "https://example.com",
            "a..b",
            "x.local",
        ] {
            assert!(public_name(bad).is_none(), "{bad}");
        }
    }
}
