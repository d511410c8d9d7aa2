use axum::extract::State;
use axum::http::StatusCode;

use crate::auth::SessionCaller;
use crate::auth::id::SessionId;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::IdPath;
use crate::state::AppState;

/// End a sign-in
///
/// One of the signed-in user's own, at once.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "session",
    params(("id" = String, Path, description = "`ses_…`")),
    responses(
        (status = 204, description = "Ended"),
        (status = 404, description = "`not_found`", body = Problem),
    ))]
pub async fn end_session(
    State(state): State<AppState>,
    SessionCaller(session): SessionCaller,
    IdPath(SessionId(id)): IdPath<SessionId>,
) -> Result<StatusCode> {
    match db::delete_session_of(&state.pool, session.user_id, id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Error::NotFound("session")),
    }
}

/// End all other sign-ins
///
/// Of the signed-in user. The one that asks stays.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "session",
    responses((status = 204, description = "Ended")))]
pub async fn end_other_sessions(
    State(state): State<AppState>,
    SessionCaller(session): SessionCaller,
) -> Result<StatusCode> {
    db::delete_other_sessions(&state.pool, session.user_id, session.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
