use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::UtmTemplate;
use crate::auth::Caller;
use crate::db;
use crate::error::Result;
use crate::state::AppState;

/// All templates.
#[derive(Debug, Serialize, ToSchema)]
pub struct UtmTemplateList {
    /// By name.
    data: Vec<UtmTemplate>,
}

/// List UTM templates
#[utoipa::path(get, path = "/api/v1/utm-templates", tag = "utm",
    responses((status = 200, description = "All templates", body = UtmTemplateList)))]
pub async fn list_utm_templates(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<UtmTemplateList>> {
    let rows = db::list_utm_templates(&state.pool, caller.workspace_id).await?;
    let data = rows.into_iter().map(UtmTemplate::from).collect();
    Ok(Json(UtmTemplateList { data }))
}
