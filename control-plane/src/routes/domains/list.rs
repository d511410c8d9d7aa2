use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Domain, own};
use crate::auth::Caller;
use crate::error::Result;
use crate::problem::Problem;
use crate::state::AppState;

/// All domains.
#[derive(Debug, Serialize, ToSchema)]
pub struct DomainList {
    data: Vec<Domain>,
}

/// List domains
///
/// So far the installation's own, for the workspace that it belongs to.
#[utoipa::path(get, path = "/api/v1/domains", tag = "domains",
    responses(
        (status = 200, description = "All domains", body = DomainList),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn list_domains(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<DomainList>> {
    let data = match own::is_owner(&state, &caller).await? {
        true => vec![own::load(&state).await?],
        false => Vec::new(),
    };
    Ok(Json(DomainList { data }))
}
