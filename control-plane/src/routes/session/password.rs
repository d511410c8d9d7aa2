use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::{self, MAX_PASSWORD_LENGTH};
use crate::audit::Deed;
use crate::auth::SessionCaller;
use crate::auth::id::UserId;
use crate::db;
use crate::error::{Error, Result};
use crate::json::JsonBody;
use crate::limits::client_of;
use crate::problem::Problem;
use crate::state::AppState;

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The one that is good until now.
    #[schema(format = Password)]
    old_password: String,
    /// 10 to 1024 bytes.
    #[schema(format = Password, min_length = 10, max_length = 1024)]
    new_password: String,
}

/// Change the password
///
/// Of the signed-in user, who has to know the old one: a browser that was left open is not enough. All
/// their other sign-ins end at once; API keys go on working. Wrong old passwords count as attempts to
/// sign in.
#[utoipa::path(put, path = "/api/v1/session/password", tag = "session",
    request_body = ChangePassword,
    responses(
        (status = 204, description = "Changed"),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`invalid_credentials`: the old password is wrong",
            body = Problem),
        (status = 409, description = "`conflict`: it was changed at the same time", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 429, description = "`too_many_attempts`", body = Problem),
        (status = 503, description = "`unavailable`, `busy`", body = Problem),
    ))]
pub async fn change_password(
    State(state): State<AppState>,
    SessionCaller(session): SessionCaller,
    headers: HeaderMap,
    JsonBody(body): JsonBody<ChangePassword>,
) -> Result<StatusCode> {
    accounts::check_password("new_password", &body.new_password)?;
    if body.old_password.len() > MAX_PASSWORD_LENGTH {
        let message = "a password has at most 1024 bytes";
        return Err(Error::invalid("old_password", "too_long", message));
    }
    // Before the hash, which is what an attempt costs us.
    let counters = state
        .attempts
        .to_sign_in(&session.email, client_of(&headers));
    let attempt = state.attempts.take(&counters, state.timestamp()).await;
    attempt.map_err(Error::TooManyAttempts)?;
    let user = db::find_user_by_email(&state.pool, &session.email).await?;
    let user = user.ok_or(Error::Unauthenticated)?;
    let old_hash = user.password_hash.clone();
    let hash = Some(old_hash.clone());
    let verified = state.passwords.verify(body.old_password, hash).await;
    state.attempts.give_back_unseen(&counters, &verified).await;
    if !verified? {
        return Err(Error::InvalidCredentials);
    }
    state.attempts.give_back(&counters).await;
    let new_hash = state.passwords.hash(body.new_password).await?;
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move {
        let whose = (session.user_id, session.id);
        change(&state, whose, &old_hash, &new_hash).await
    });
    task.await.map_err(Error::internal)??;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(
    state: &AppState,
    (user_id, session_id): (Uuid, Uuid),
    old_hash: &str,
    new_hash: &str,
) -> Result<()> {
    // Whoever administers one of them should know of it.
    let workspaces = db::list_workspaces(&state.pool, user_id).await?;
    let mut transaction = db::begin(&state.pool).await?;
    if !db::update_password(&mut transaction, user_id, old_hash, new_hash).await? {
        return Err(Error::Conflict("the password was changed at the same time"));
    }
    db::delete_other_sessions(&mut *transaction, user_id, session_id).await?;
    let user_id = UserId(user_id);
    // The oldest first, for all who write into several logs: in another order, two could wait for each
    // other in a circle.
    for workspace in workspaces {
        let deed = Deed {
            workspace_id: workspace.id,
            actor: &user_id.to_string(),
            action: "user.password_changed",
            at: state.now(),
        };
        deed.record(&mut transaction, user_id, &json!({})).await?;
    }
    db::commit(transaction).await?;
    Ok(())
}
