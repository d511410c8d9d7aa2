use axum::Json;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::auth::SessionCaller;
use crate::auth::id::SessionId;
use crate::db;
use crate::error::Result;
use crate::state::AppState;

/// A sign-in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignIn {
    #[schema(value_type = String, example = "ses_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: SessionId,
    /// Whether this request came with it.
    current: bool,
    /// What the browser called itself. It chooses that: treat it as any text from strangers.
    #[schema(required)]
    user_agent: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// To five minutes.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    last_used_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// All sign-ins.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInList {
    /// Newest first.
    data: Vec<SignIn>,
}

/// List sign-ins
///
/// Of the signed-in user, to whichever workspace.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "session",
    responses((status = 200, description = "All sign-ins that are good", body = SignInList)))]
pub async fn list_sessions(
    State(state): State<AppState>,
    SessionCaller(session): SessionCaller,
) -> Result<Json<SignInList>> {
    let rows = db::list_sessions(&state.pool, session.user_id, state.now()).await?;
    let data = rows.into_iter().map(|row| SignIn {
        id: SessionId(row.id),
        current: row.id == session.id,
        user_agent: row.user_agent,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
    });
    Ok(Json(SignInList {
        data: data.collect(),
    }))
}
