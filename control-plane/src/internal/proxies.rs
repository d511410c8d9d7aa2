use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use contract::ProxyReport;
use uuid::Uuid;

use crate::db;
use crate::error::{Error, Result};
use crate::state::AppState;

/// A proxy says how far it has got.
pub(super) async fn report(State(state): State<AppState>, body: Bytes) -> Result<StatusCode> {
    let report = ProxyReport::decode(&body).map_err(|error| Error::Malformed(error.to_string()))?;
    db::put_report(&state.pool, &report).await?;
    state.reports.reported();
    Ok(StatusCode::NO_CONTENT)
}

/// A proxy says goodbye: from now on it serves nothing.
pub(super) async fn goodbye(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    db::forget_proxy(&state.pool, id).await?;
    state.reports.reported();
    Ok(StatusCode::NO_CONTENT)
}
