//! Sign-ins to the console.

use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;

/// A valid sign-in and whose it is.
#[derive(Debug)]
pub struct SessionRow {
    /// Who signed in.
    pub user_id: Uuid,
    /// Their address.
    pub email: String,
    /// The workspace they look at.
    pub workspace_id: Uuid,
    /// Its name.
    pub workspace_name: String,
    /// What they may do there.
    pub role: String,
}

/// Stores a new sign-in under the hash of its token.
pub async fn insert_session(
    pool: &PgPool,
    token_hash: &[u8],
    user_id: Uuid,
    workspace_id: Uuid,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into sessions (token_hash, user_id, workspace_id, created_at, expires_at)
         values ($1, $2, $3, $4, $5)",
        token_hash,
        user_id,
        workspace_id,
        now,
        expires_at,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The sign-in behind a token, if it is still good and its user still belongs to the workspace.
pub async fn find_session(
    pool: &PgPool,
    token_hash: &[u8],
    now: OffsetDateTime,
) -> Result<Option<SessionRow>> {
    let session = sqlx::query_as!(
        SessionRow,
        "select s.user_id, u.email, s.workspace_id, w.name as workspace_name, m.role
         from sessions s
         join users u on u.id = s.user_id
         join workspaces w on w.id = s.workspace_id
         join memberships m on m.user_id = s.user_id and m.workspace_id = s.workspace_id
         where s.token_hash = $1 and s.expires_at > $2",
        token_hash,
        now,
    )
    .fetch_optional(pool)
    .await?;
    Ok(session)
}

/// Ends a sign-in.
pub async fn delete_session(pool: &PgPool, token_hash: &[u8]) -> Result<()> {
    sqlx::query!("delete from sessions where token_hash = $1", token_hash)
        .execute(pool)
        .await?;
    Ok(())
}

/// Forgets sign-ins that ran out.
pub async fn delete_expired_sessions(pool: &PgPool, now: OffsetDateTime) -> Result<u64> {
    let deleted = sqlx::query!("delete from sessions where expires_at <= $1", now)
        .execute(pool)
        .await?;
    Ok(deleted.rows_affected())
}
