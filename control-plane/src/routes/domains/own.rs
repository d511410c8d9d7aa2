use super::Domain;
use crate::auth::Caller;
use crate::db::{self, ClaimRow, DomainRow};
use crate::error::{Error, Result};
use crate::state::AppState;

/// What a domain is to the caller.
pub(super) enum Standing {
    /// Theirs, with its settings, if it has any.
    Active(Option<DomainRow>),
    /// Theirs, once they show it.
    Pending(ClaimRow),
}

impl Standing {
    /// As the client sees it.
    pub(super) fn view(self, name: &contract::Domain) -> Domain {
        match self {
            Self::Active(Some(row)) => row.into(),
            Self::Active(None) => Domain::untouched(name),
            Self::Pending(claim) => claim.into(),
        }
    }
}

/// Whether the installation's own domain is the caller's: it belongs to the first workspace.
pub(super) async fn is_owner(state: &AppState, caller: &Caller) -> Result<bool> {
    let mut connection = state.pool.acquire().await?;
    let first = db::first_workspace(&mut connection).await?;
    Ok(first == Some(caller.workspace_id))
}

/// The domain that is named, if it is the caller's.
pub(super) async fn named(
    state: &AppState,
    caller: &Caller,
    named: &contract::Domain,
) -> Result<Standing> {
    // First, since a claim ends when it becomes a domain.
    let claim = db::find_claim(&state.pool, caller.workspace_id, named).await?;
    let row = db::find_domain(&state.pool, named).await?;
    let is_theirs = match &row {
        Some(row) => row.workspace_id == caller.workspace_id,
        None => *named == state.config.default_domain && is_owner(state, caller).await?,
    };
    if is_theirs {
        return Ok(Standing::Active(row));
    }
    claim
        .map(Standing::Pending)
        .ok_or(Error::NotFound("domain"))
}

/// Refuses domains whose links the caller cannot make: all but their own, and the installation's.
pub(crate) async fn require_own(
    state: &AppState,
    caller: &Caller,
    domain: &contract::Domain,
) -> Result<()> {
    if *domain == state.config.default_domain {
        return Ok(());
    }
    match named(state, caller, domain).await? {
        Standing::Active(_) => Ok(()),
        Standing::Pending(_) => Err(Error::NotFound("domain")),
    }
}
