use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::token::Token;
use crate::accounts;
use crate::audit::Deed;
use crate::auth::id::UserId;
use crate::db::{self, InvitationRow, MemberRow, UserRow};
use crate::error::{Error, Result};
use crate::json::JsonBody;
use crate::limits::client_of;
use crate::problem::Problem;
use crate::routes::members::Member;
use crate::routes::session::{self, Session};
use crate::state::AppState;

/// How to accept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// What was passed on.
    #[schema(example = "3kTxqW8vR1bYz0LmN5sPdG7hJ2cF4aEu")]
    token: String,
    /// A new password, 10 to 1024 bytes; or the one they have, if they have an account.
    #[schema(format = Password, min_length = 10, max_length = 1024)]
    password: String,
}

/// Accept an invitation
///
/// Makes the account, if there is none with the invited address, and signs in.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "people",
    request_body = AcceptInvitation,
    responses(
        (status = 200, description = "A member, and signed in; the cookie is set", body = Session),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`invalid_credentials`: there is an account, and this is not
            its password", body = Problem),
        (status = 404, description = "`not_found`: it was used, withdrawn or has expired",
            body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 429, description = "`too_many_attempts`", body = Problem),
        (status = 503, description = "`unavailable`, `busy`", body = Problem),
    ))]
pub async fn accept_invitation(
    State(state): State<AppState>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<AcceptInvitation>,
) -> Result<Response> {
    accounts::check_password("password", &body.password)?;
    let not_found = Error::NotFound("invitation");
    let token = Token::parse(&body.token).ok_or(not_found)?;
    let invitation = db::find_invitation(&state.pool, &token.hash(), state.now()).await?;
    let invitation = invitation.ok_or(Error::NotFound("invitation"))?;
    let known = db::find_user_by_email(&state.pool, &invitation.email).await?;
    let user = match known {
        Some(user) => {
            let counters = state.attempts.to_sign_in(&user.email, client_of(&headers));
            let attempt = state.attempts.take(&counters, state.timestamp()).await;
            attempt.map_err(Error::TooManyAttempts)?;
            let hash = Some(user.password_hash.clone());
            let verified = state.passwords.verify(body.password, hash).await;
            state.attempts.give_back_unseen(&counters, &verified).await;
            if !verified? {
                return Err(Error::InvalidCredentials);
            }
            state.attempts.give_back(&counters).await;
            Accepting::Known(user)
        }
        None => Accepting::New(UserRow {
            id: Uuid::now_v7(),
            email: invitation.email.clone(),
            password_hash: state.passwords.hash(body.password).await?,
        }),
    };
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn({
        let (state, invitation) = (state.clone(), invitation.clone());
        async move { join(&state, &invitation, user).await }
    });
    let user_id = task.await.map_err(Error::internal)??;
    let signed_in = session::sign_in(&state, user_id, invitation.workspace_id, &headers).await?;
    Ok((StatusCode::OK, signed_in).into_response())
}

enum Accepting {
    Known(UserRow),
    New(UserRow),
}

async fn join(state: &AppState, invitation: &InvitationRow, user: Accepting) -> Result<Uuid> {
    let workspace_id = invitation.workspace_id;
    let mut transaction = db::begin(&state.pool).await?;
    // The same order as whoever changes members.
    let members = db::lock_members(&mut transaction, workspace_id).await?;
    let used = db::delete_invitation(&mut transaction, workspace_id, invitation.id).await?;
    used.ok_or(Error::NotFound("invitation"))?;
    let user = match user {
        Accepting::Known(user) => user,
        Accepting::New(user) => {
            if !db::insert_user(&mut transaction, &user, state.now()).await? {
                // Somebody made the account meanwhile; its password was not asked for.
                return Err(Error::InvalidCredentials);
            }
            user
        }
    };
    if !members.iter().any(|member| member.user_id == user.id) {
        let role = &invitation.role;
        db::insert_membership(&mut transaction, workspace_id, user.id, role).await?;
        let now = state.now();
        let member = MemberRow {
            user_id: user.id,
            email: user.email,
            role: role.clone(),
            created_at: now,
        };
        let deed = Deed {
            workspace_id,
            actor: &UserId(user.id).to_string(),
            action: "member.joined",
            at: now,
        };
        let member = Member::try_from(&member)?;
        deed.record(&mut transaction, UserId(user.id), &member)
            .await?;
    }
    db::commit(transaction).await?;
    Ok(user.id)
}
