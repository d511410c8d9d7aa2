use axum::extract::State;

use super::UtmTemplate;
use crate::auth::Caller;
use crate::auth::id::UtmTemplateId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;
use crate::versions::Versioned;

/// Read a UTM template
#[utoipa::path(get, path = "/api/v1/utm-templates/{id}", tag = "utm",
    params(("id" = String, Path, description = "`utm_…`")),
    responses(
        (status = 200, description = "The template", body = UtmTemplate),
        (status = 304, description = "Not changed"),
        (status = 404, description = "`not_found`", body = Problem),
    ))]
pub async fn get_utm_template(
    State(state): State<AppState>,
    caller: Caller,
    IdPath(UtmTemplateId(id)): IdPath<UtmTemplateId>,
) -> Result<Versioned<UtmTemplate>> {
    let row = db::find_utm_template(&state.pool, caller.workspace_id, id).await?;
    let row = row.ok_or(Error::NotFound("UTM template"))?;
    Ok(Versioned(row.revision()?, row.into()))
}
