//! Sign-ins to the console.

use sqlx::{PgExecutor, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;

/// A valid sign-in and whose it is.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Identity.
    pub id: Uuid,
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
    /// When it was last used, roughly.
    pub last_used_at: Option<OffsetDateTime>,
}

/// A sign-in as its user sees it.
#[derive(Debug)]
pub struct SignInRow {
    /// Identity.
    pub id: Uuid,
    /// What the browser called itself.
    pub user_agent: Option<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last used, roughly.
    pub last_used_at: Option<OffsetDateTime>,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

/// A sign-in to store.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// SHA-256 of its token.
    pub token_hash: &'a [u8],
    /// Who signed in.
    pub user_id: Uuid,
    /// The workspace they look at.
    pub workspace_id: Uuid,
    /// What the browser calls itself.
    pub user_agent: Option<&'a str>,
    /// Now.
    pub created_at: OffsetDateTime,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

/// Stores a new sign-in under the hash of its token.
pub async fn insert_session(pool: &PgPool, session: &NewSession<'_>) -> Result<()> {
    sqlx::query!(
        "insert into sessions (id, token_hash, user_id, workspace_id, user_agent, created_at,
                               expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::now_v7(),
        session.token_hash,
        session.user_id,
        session.workspace_id,
        session.user_agent,
        session.created_at,
        session.expires_at,
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
        "select s.id, s.user_id, u.email, s.workspace_id, w.name as workspace_name, m.role,
                s.last_used_at
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

/// The good sign-ins of a user, newest first.
pub async fn list_sessions(
    pool: &PgPool,
    user_id: Uuid,
    now: OffsetDateTime,
) -> Result<Vec<SignInRow>> {
    let sessions = sqlx::query_as!(
        SignInRow,
        "select id, user_agent, created_at, last_used_at, expires_at from sessions
         where user_id = $1 and expires_at > $2
         order by created_at desc, id desc",
        user_id,
        now,
    )
    .fetch_all(pool)
    .await?;
    Ok(sessions)
}

/// Notes that a sign-in was used.
pub async fn touch_session(pool: &PgPool, id: Uuid, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update sessions set last_used_at = $2 where id = $1",
        id,
        now
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Lets a sign-in look at another workspace of its user; false when it is none of theirs.
pub async fn switch_session(pool: &PgPool, id: Uuid, workspace_id: Uuid) -> Result<bool> {
    let switched = sqlx::query!(
        "update sessions set workspace_id = $2
         where id = $1 and exists (
             select from memberships m
             where m.user_id = sessions.user_id and m.workspace_id = $2
         )",
        id,
        workspace_id,
    )
    .execute(pool)
    .await?;
    Ok(switched.rows_affected() == 1)
}

/// Ends a sign-in.
pub async fn delete_session(pool: &PgPool, token_hash: &[u8]) -> Result<()> {
    sqlx::query!("delete from sessions where token_hash = $1", token_hash)
        .execute(pool)
        .await?;
    Ok(())
}

/// Ends one of a user's sign-ins; false when there is none like it.
pub async fn delete_session_of(pool: &PgPool, user_id: Uuid, id: Uuid) -> Result<bool> {
    let deleted = sqlx::query!(
        "delete from sessions where user_id = $1 and id = $2",
        user_id,
        id,
    )
    .execute(pool)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Ends all of a user's sign-ins but one.
pub async fn delete_other_sessions(
    database: impl PgExecutor<'_>,
    user_id: Uuid,
    kept: Uuid,
) -> Result<()> {
    sqlx::query!(
        "delete from sessions where user_id = $1 and id <> $2",
        user_id,
        kept,
    )
    .execute(database)
    .await?;
    Ok(())
}
