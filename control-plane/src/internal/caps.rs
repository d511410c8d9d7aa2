use axum::extract::{Path, State};
use axum::http::StatusCode;
use contract::LinkId;

use crate::db;
use crate::error::{Error, Result};
use crate::state::AppState;

/// A proxy has found no count of a link with a click cap: it begins with the clicks so far.
pub(super) async fn begin_cap(
    State(state): State<AppState>,
    Path((id, set_after)): Path<(String, u64)>,
) -> Result<StatusCode> {
    let id: LinkId = id.parse().map_err(|_| Error::NotFound("link"))?;
    if !db::link_exists(&state.pool, id).await? {
        return Err(Error::NotFound("link"));
    }
    let totals = db::link_totals(&state.analytics, &[id.0]).await?;
    let used = totals.first().map_or(0, |total| total.clicks);
    let begun = state.caps.begin(id, set_after, used.unsigned_abs()).await;
    begun.map_err(Error::NoRedis)?;
    Ok(StatusCode::NO_CONTENT)
}
