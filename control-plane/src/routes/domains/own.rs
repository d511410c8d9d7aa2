use super::Domain;
use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::state::AppState;

/// Whether the installation's own domain is the caller's: it belongs to the first workspace.
pub(super) async fn is_owner(state: &AppState, caller: &Caller) -> Result<bool> {
    let mut connection = state.pool.acquire().await?;
    let first = db::first_workspace(&mut connection).await?;
    Ok(first == Some(caller.workspace_id))
}

/// The domain that is named, if it is the caller's.
pub(super) async fn named<'s>(
    state: &'s AppState,
    caller: &Caller,
    named: &contract::Domain,
) -> Result<&'s contract::Domain> {
    let own = &state.config.default_domain;
    match named == own && is_owner(state, caller).await? {
        true => Ok(own),
        false => Err(Error::NotFound("domain")),
    }
}

/// Refuses domains that are not the caller's.
pub(crate) async fn require_own(
    state: &AppState,
    caller: &Caller,
    domain: &contract::Domain,
) -> Result<()> {
    named(state, caller, domain).await.map(drop)
}

/// The own domain as the client sees it.
pub(super) async fn load(state: &AppState) -> Result<Domain> {
    let own = &state.config.default_domain;
    let row = db::find_domain(&state.pool, own).await?;
    Ok(row.map_or_else(|| Domain::untouched(own), Domain::from))
}
