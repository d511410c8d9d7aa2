use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Domain, own};
use crate::auth::Caller;
use crate::db;
use crate::error::Result;
use crate::state::AppState;

/// All domains.
#[derive(Debug, Serialize, ToSchema)]
pub struct DomainList {
    data: Vec<Domain>,
}

/// List domains
///
/// Those of the workspace, by name; then those that it has not shown yet to be its own. The
/// installation's own domain belongs to the first workspace; everybody may have links there.
#[utoipa::path(get, path = "/api/v1/domains", tag = "domains",
    responses((status = 200, description = "All domains", body = DomainList)))]
pub async fn list_domains(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<DomainList>> {
    let default = &state.config.default_domain;
    let rows = db::list_domains(&state.pool, caller.workspace_id).await?;
    let has_settings = rows.iter().any(|row| row.domain == default.as_str());
    let mut data: Vec<Domain> = rows.into_iter().map(Domain::from).collect();
    if !has_settings && own::is_owner(&state, &caller).await? {
        data.insert(0, Domain::untouched(default));
    }
    let claims = db::list_claims(&state.pool, caller.workspace_id).await?;
    data.extend(claims.into_iter().map(Domain::from));
    Ok(Json(DomainList { data }))
}
