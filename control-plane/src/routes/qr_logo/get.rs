use axum::extract::State;
use axum::response::Response;

use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::state::AppState;
use crate::versions::{revision_of_bytes, tagged};

/// Read the logo
#[utoipa::path(get, path = "/api/v1/qr-logo", tag = "links",
    responses(
        (status = 200, description = "A picture", content_type = "image/png", body = [u8]),
        (status = 304, description = "Not changed"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "There is none", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn get_qr_logo(State(state): State<AppState>, caller: Caller) -> Result<Response> {
    let png = db::find_qr_logo(&state.pool, caller.workspace_id).await?;
    let png = png.ok_or(Error::NotFound("logo"))?;
    Ok(tagged(revision_of_bytes(&png), "image/png", png))
}
