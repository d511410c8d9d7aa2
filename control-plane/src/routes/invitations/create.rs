use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use serde::Deserialize;
use time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

use super::token::Token;
use super::{Invitation, NewInvitation};
use crate::accounts;
use crate::auth::id::InvitationId;
use crate::auth::{Caller, Role};
use crate::db::{self, InvitationRow};
use crate::error::{Error, Result};
use crate::json::JsonFields;
use crate::once::Once;
use crate::problem::Problem;
use crate::routes::members;
use crate::state::AppState;

/// How long an invitation can be accepted.
const LIFETIME: Duration = Duration::days(7);

/// Invitations of a workspace at a time. A list shows them all.
const MOST: i64 = 200;

/// Whom to invite, and as what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInvitation {
    #[schema(example = "grace@example.com", max_length = 254)]
    email: String,
    role: Role,
}

/// Invite somebody
///
/// The answer has a link to pass on; no mail is sent. Good for seven days. Another invitation of the
/// same person takes the place of the one before. Only owners invite owners. It is withdrawn when its
/// maker is removed, revoked, or made less than what it gives.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "people",
    request_body = CreateInvitation,
    responses(
        (status = 201, description = "Made", body = NewInvitation,
            headers(("Location" = String, description = "Address of the invitation in this API"))),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 409, description = "`conflict`: they are a member, or there are too many",
            body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    ))]
pub async fn create_invitation(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    JsonFields(fields): JsonFields<CreateInvitation>,
) -> Result<impl IntoResponse> {
    let (body, mut check) = fields.check(&state);
    let email = check.found(accounts::email(&body.email))?;
    check.finish()?;
    members::may_grant(&caller, body.role)?;
    let now = state.now();
    let row = InvitationRow {
        id: Uuid::now_v7(),
        workspace_id: caller.workspace_id,
        email: email.ok_or_else(|| Error::internal("an address got lost"))?,
        role: body.role.as_str().to_owned(),
        created_by: Some(caller.identity.to_string()),
        created_at: now,
        expires_at: now + LIFETIME,
    };
    let token = Token::generate();
    let public_url = state.config.public_url.clone();
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn({
        let (row, hash) = (row.clone(), token.hash());
        async move { insert(&state, &caller, &row, &hash, &once).await }
    });
    task.await.map_err(Error::internal)??;
    let location = Invitation::location(row.id);
    let token = token.expose();
    let made = NewInvitation {
        invitation: row.try_into()?,
        url: Some(format!("{public_url}console/invitation#{token}")),
        token: Some(token),
    };
    Ok((
        StatusCode::CREATED,
        AppendHeaders([(LOCATION, location)]),
        Json(made),
    ))
}

async fn insert(
    state: &AppState,
    caller: &Caller,
    row: &InvitationRow,
    hash: &[u8],
    once: &Once,
) -> Result<()> {
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    let members = db::lock_members(&mut transaction, row.workspace_id).await?;
    members::may_still_grant(&members, caller, Role::parse(&row.role)?)?;
    if members.iter().any(|member| member.email == row.email) {
        return Err(Error::Conflict("they are a member already"));
    }
    if db::count_invitations(&mut transaction, row.workspace_id).await? >= MOST {
        return Err(Error::Conflict(
            "a workspace has at most 200 invitations; withdraw one first",
        ));
    }
    db::put_invitation(&mut transaction, row, hash).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "invitation.created", row.created_at);
    let made = Invitation::try_from(row.clone())?;
    deed.record(&mut transaction, InvitationId(row.id), &made)
        .await?;
    let kept = NewInvitation {
        invitation: made,
        token: None,
        url: None,
    };
    let status = StatusCode::CREATED;
    let location = Invitation::location(row.id);
    once.keep(&mut transaction, status, Some(&location), &kept)
        .await?;
    db::commit(transaction).await?;
    Ok(())
}
