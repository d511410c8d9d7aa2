use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::error::Result;
use crate::state::AppState;

/// The keys that visitors are to be hashed under: today's, and from noon on tomorrow's.
pub(super) async fn visitor_keys(State(state): State<AppState>) -> Result<impl IntoResponse> {
    let keys = crate::visitor_keys::current(&state.pool, state.timestamp()).await?;
    Ok((
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        keys.encode(),
    ))
}
