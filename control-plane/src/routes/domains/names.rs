use super::own;
use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::state::AppState;

/// The names of all domains of the caller, or of the one that is named, if it is the caller's.
pub(crate) async fn names(
    state: &AppState,
    caller: &Caller,
    named: Option<&str>,
) -> Result<Vec<String>> {
    let mut names = db::domain_names(&state.pool, caller.workspace_id).await?;
    let own = state.config.default_domain.as_str();
    if !names.iter().any(|name| name == own) && own::is_owner(state, caller).await? {
        names.push(own.to_owned());
    }
    let Some(named) = named else {
        return Ok(names);
    };
    let named: contract::Domain = named.parse().map_err(|_| Error::NotFound("domain"))?;
    names.retain(|name| name == named.as_str());
    match names.is_empty() {
        true => Err(Error::NotFound("domain")),
        false => Ok(names),
    }
}
