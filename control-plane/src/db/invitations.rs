//! Invitations to a workspace.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;

/// An invitation that was not accepted.
#[derive(Debug, Clone)]
pub struct InvitationRow {
    /// Identity.
    pub id: Uuid,
    /// To which workspace.
    pub workspace_id: Uuid,
    /// Whom.
    pub email: String,
    /// As what.
    pub role: String,
    /// Who made it; `None` if that was not noted then.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

/// Stores an invitation, in place of another one to the same person.
pub async fn put_invitation(
    connection: &mut PgConnection,
    invitation: &InvitationRow,
    token_hash: &[u8],
) -> Result<()> {
    sqlx::query!(
        "insert into invitations (id, workspace_id, email, role, token_hash, created_at, expires_at,
                                  created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict on constraint invitations_workspace_id_email_key do update
         set id = excluded.id, role = excluded.role, token_hash = excluded.token_hash,
             created_at = excluded.created_at, expires_at = excluded.expires_at,
             created_by = excluded.created_by",
        invitation.id,
        invitation.workspace_id,
        invitation.email,
        invitation.role,
        token_hash,
        invitation.created_at,
        invitation.expires_at,
        invitation.created_by,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All invitations that can be accepted or have expired, newest first.
pub async fn list_invitations(pool: &PgPool, workspace_id: Uuid) -> Result<Vec<InvitationRow>> {
    let invitations = sqlx::query_as!(
        InvitationRow,
        "select id, workspace_id, email, role, created_by, created_at, expires_at from invitations
         where workspace_id = $1
         order by created_at desc, id desc",
        workspace_id,
    )
    .fetch_all(pool)
    .await?;
    Ok(invitations)
}

/// How many invitations a workspace has.
pub async fn count_invitations(connection: &mut PgConnection, workspace_id: Uuid) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from invitations where workspace_id = $1"#,
        workspace_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// The invitation with this token, unless it has expired.
pub async fn find_invitation(
    pool: &PgPool,
    token_hash: &[u8],
    now: OffsetDateTime,
) -> Result<Option<InvitationRow>> {
    let invitation = sqlx::query_as!(
        InvitationRow,
        "select id, workspace_id, email, role, created_by, created_at, expires_at from invitations
         where token_hash = $1 and expires_at > $2",
        token_hash,
        now,
    )
    .fetch_optional(pool)
    .await?;
    Ok(invitation)
}

/// Uses an invitation up, and gives it; `None` when somebody else did, or it was withdrawn.
pub async fn delete_invitation(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    id: Uuid,
) -> Result<Option<InvitationRow>> {
    let deleted = sqlx::query_as!(
        InvitationRow,
        "delete from invitations where workspace_id = $1 and id = $2
         returning id, workspace_id, email, role, created_by, created_at, expires_at",
        workspace_id,
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(deleted)
}

/// Withdraws what somebody made with one of these roles, and gives it.
pub async fn delete_invitations_of(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    maker: &str,
    roles: &[String],
) -> Result<Vec<InvitationRow>> {
    let deleted = sqlx::query_as!(
        InvitationRow,
        "delete from invitations where workspace_id = $1 and created_by = $2 and role = any($3)
         returning id, workspace_id, email, role, created_by, created_at, expires_at",
        workspace_id,
        maker,
        roles,
    )
    .fetch_all(connection)
    .await?;
    Ok(deleted)
}
