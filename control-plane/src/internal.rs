//! What proxies ask the control plane, on the admin listener.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::get;
use contract::{Code, Domain};
use secrecy::ExposeSecret;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::db;
use crate::error::{Error, Result};
use crate::routes::Query;
use crate::state::AppState;

/// `/internal/…`
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/internal/resolve", get(resolve))
        .layer(axum::middleware::from_fn(crate::problem::render))
        .with_state(state)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolve {
    domain: Domain,
    code: Code,
}

/// The record behind a code: 200 also for links out of service, 404 `link_not_found` when there is
/// no such link, which a proxy may remember.
async fn resolve(
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(asked): Query<Resolve>,
) -> Result<impl IntoResponse> {
    require_secret(&state, &headers)?;
    let link = db::find_link_by_code(&state.pool, &asked.domain, &asked.code).await?;
    let record = link.ok_or(Error::NotFound("link"))?.to_record()?;
    Ok((
        [(header::CONTENT_TYPE, "application/json")],
        record.encode(),
    ))
}

fn require_secret(state: &AppState, headers: &HeaderMap) -> Result<()> {
    let given = headers
        .get(header::AUTHORIZATION)
        .map(|value| value.as_bytes());
    let given = given
        .and_then(|value| value.strip_prefix(b"Bearer "))
        .ok_or(Error::Unauthenticated)?;
    // Hashes have one length, so the comparison tells nothing about the secret's.
    let expected = Sha256::digest(state.config.internal_secret.expose_secret());
    let is_equal = bool::from(Sha256::digest(given).ct_eq(&expected));
    if is_equal {
        Ok(())
    } else {
        Err(Error::Unauthenticated)
    }
}
