use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Session, sign_in};
use crate::accounts::MAX_PASSWORD_LENGTH;
use crate::db;
use crate::error::{Error, Result};
use crate::json::JsonBody;
use crate::limits::client_of;
use crate::problem::Problem;
use crate::state::AppState;

/// A sign-in attempt.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSession {
    /// In any case.
    #[schema(example = "ada@example.com")]
    email: String,
    /// At most 1024 bytes.
    #[schema(format = Password)]
    password: String,
}

/// Sign in
///
/// Answers with a session cookie. A wrong password and an unknown user give the same answer, after
/// the same time. Ten wrong ones in a quarter of an hour, for one address of a person or from one
/// address of the network, and there are no more attempts for the rest of it.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = CreateSession,
    responses(
        (status = 200, description = "Signed in; the cookie is set", body = Session),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`invalid_credentials`", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 429, description = "`too_many_attempts`", body = Problem),
        (status = 503, description = "`unavailable`, or `busy`: too many people sign in at this
            moment", body = Problem),
    ), security())]
pub async fn create_session(
    State(state): State<AppState>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<CreateSession>,
) -> Result<impl IntoResponse> {
    if body.password.len() > MAX_PASSWORD_LENGTH {
        return Err(Error::invalid(
            "password",
            "too_long",
            "a password has at most 1024 bytes",
        ));
    }
    let place = state.passwords.place()?;
    let email = body.email.trim().to_lowercase();
    // Before the hash, which is what an attempt costs us.
    let counters = state.attempts.to_sign_in(&email, client_of(&headers));
    let attempt = state.attempts.take(&counters, state.timestamp()).await;
    attempt.map_err(Error::TooManyAttempts)?;
    // A NUL cannot be in a text column, so nobody can have such an address.
    let user = match email.contains('\0') {
        true => None,
        false => db::find_user_by_email(&state.pool, &email).await?,
    };
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let verified = place.verify(body.password, hash).await;
    state.attempts.give_back_unseen(&counters, &verified).await;
    if !verified? {
        return Err(Error::InvalidCredentials);
    }
    let user = user.ok_or(Error::InvalidCredentials)?;
    let membership = db::find_membership(&state.pool, user.id).await?;
    let membership = membership.ok_or(Error::InvalidCredentials)?;

    state.attempts.give_back(&counters).await;

    sign_in(&state, user.id, membership.workspace_id, &headers).await
}
