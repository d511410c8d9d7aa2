use axum::Json;
use axum::http::HeaderMap;
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::response::{AppendHeaders, IntoResponse};
use uuid::Uuid;

use super::Session;
use crate::auth::{SessionToken, set_cookie};
use crate::db::{self, NewSession};
use crate::error::{Error, Result};
use crate::state::AppState;

/// Longest name of a browser that is stored. Characters.
const LONGEST_USER_AGENT: usize = 300;

/// Begins a session for somebody who has proved who they are.
pub(in crate::routes) async fn sign_in(
    state: &AppState,
    user_id: Uuid,
    workspace_id: Uuid,
    headers: &HeaderMap,
) -> Result<impl IntoResponse + use<>> {
    let token = SessionToken::generate();
    let lifetime = state.config.session_lifetime;
    let now = state.now();
    let user_agent = headers.get(USER_AGENT);
    let user_agent = user_agent.and_then(|value| value.to_str().ok());
    let user_agent: Option<String> =
        user_agent.map(|text| text.chars().take(LONGEST_USER_AGENT).collect());
    let session = NewSession {
        token_hash: &token.hash(),
        user_id,
        workspace_id,
        user_agent: user_agent.as_deref(),
        created_at: now,
        expires_at: now + lifetime,
    };
    db::insert_session(&state.pool, &session).await?;
    let session = db::find_session(&state.pool, &token.hash(), now).await?;
    let session = session.ok_or_else(|| Error::internal("a session got lost"))?;
    let cookie = AppendHeaders([(SET_COOKIE, set_cookie(&token, lifetime))]);
    Ok((cookie, Json(Session::from(session))))
}
