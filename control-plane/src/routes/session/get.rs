use axum::Json;

use super::Session;
use crate::auth::SessionCaller;
use crate::problem::Problem;

/// Who is signed in
#[utoipa::path(get, path = "/api/v1/session", tag = "session",
    responses(
        (status = 200, description = "The session of the cookie", body = Session),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ), security(("session" = [])))]
pub async fn get_session(SessionCaller(session): SessionCaller) -> Json<Session> {
    Json(session.into())
}
