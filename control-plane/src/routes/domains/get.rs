use axum::extract::State;

use super::{Domain, own};
use crate::auth::Caller;
use crate::error::Result;
use crate::problem::Problem;
use crate::routes::DomainPath;
use crate::state::AppState;
use crate::versions::Versioned;

/// Read a domain
#[utoipa::path(get, path = "/api/v1/domains/{domain}", tag = "domains",
    params(("domain" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "The domain", body = Domain),
        (status = 304, description = "Not changed"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn get_domain(
    State(state): State<AppState>,
    caller: Caller,
    DomainPath(name): DomainPath,
) -> Result<Versioned<Domain>> {
    let domain = own::named(&state, &caller, &name).await?.view(&name);
    Ok(Versioned(domain.revision(), domain))
}
