use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};

use crate::auth::{SessionCaller, SessionToken, clear_cookie};
use crate::db;
use crate::error::Result;
use crate::problem::Problem;
use crate::state::AppState;

/// Sign out
#[utoipa::path(delete, path = "/api/v1/session", tag = "session",
    responses(
        (status = 204, description = "Signed out; the cookie is removed"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`cross_site`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ), security(("session" = [])))]
pub async fn delete_session(
    State(state): State<AppState>,
    _: SessionCaller,
    headers: HeaderMap,
) -> Result<impl IntoResponse> {
    if let Some(token) = SessionToken::from_headers(&headers) {
        db::delete_session(&state.pool, &token.hash()).await?;
    }
    Ok((
        StatusCode::NO_CONTENT,
        AppendHeaders([(SET_COOKIE, clear_cookie())]),
    ))
}
