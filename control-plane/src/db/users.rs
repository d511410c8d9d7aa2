//! Workspaces, users and who belongs where.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;

/// A user, with what is needed to check a password.
#[derive(Debug)]
pub struct UserRow {
    /// Identity.
    pub id: Uuid,
    /// In lower case.
    pub email: String,
    /// PHC string.
    pub password_hash: String,
}

/// A user's place in a workspace.
#[derive(Debug)]
pub struct MembershipRow {
    /// The workspace.
    pub workspace_id: Uuid,
    /// Its name.
    pub workspace_name: String,
    /// `owner`, `admin`, `editor` or `viewer`.
    pub role: String,
}

/// The user with this address, which must be in lower case.
pub async fn find_user_by_email(pool: &PgPool, email: &str) -> Result<Option<UserRow>> {
    let user = sqlx::query_as!(
        UserRow,
        "select id, email, password_hash from users where email = $1",
        email,
    )
    .fetch_optional(pool)
    .await?;
    Ok(user)
}

/// The workspace a user belongs to; the oldest, while the console cannot switch.
pub async fn find_membership(pool: &PgPool, user_id: Uuid) -> Result<Option<MembershipRow>> {
    let membership = sqlx::query_as!(
        MembershipRow,
        "select m.workspace_id, w.name as workspace_name, m.role
         from memberships m join workspaces w on w.id = m.workspace_id
         where m.user_id = $1
         order by w.created_at, w.id
         limit 1",
        user_id,
    )
    .fetch_optional(pool)
    .await?;
    Ok(membership)
}

/// The oldest workspace of the installation.
pub async fn first_workspace(connection: &mut PgConnection) -> Result<Option<Uuid>> {
    let id = sqlx::query_scalar!("select id from workspaces order by created_at, id limit 1")
        .fetch_optional(connection)
        .await?;
    Ok(id)
}

/// Makes a workspace.
pub async fn insert_workspace(
    connection: &mut PgConnection,
    id: Uuid,
    name: &str,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into workspaces (id, name, created_at) values ($1, $2, $3)",
        id,
        name,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes a user, unless the address is taken: then false.
pub async fn insert_user(
    connection: &mut PgConnection,
    user: &UserRow,
    now: OffsetDateTime,
) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into users (id, email, password_hash, created_at) values ($1, $2, $3, $4)
         on conflict on constraint users_email_key do nothing",
        user.id,
        user.email,
        user.password_hash,
        now,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Gives a user another password; false when it is no longer the one that was checked.
pub async fn update_password(
    connection: &mut PgConnection,
    id: Uuid,
    old_hash: &str,
    new_hash: &str,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update users set password_hash = $3 where id = $1 and password_hash = $2",
        id,
        old_hash,
        new_hash,
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Lets a user into a workspace.
pub async fn insert_membership(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    user_id: Uuid,
    role: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into memberships (workspace_id, user_id, role) values ($1, $2, $3)",
        workspace_id,
        user_id,
        role,
    )
    .execute(connection)
    .await?;
    Ok(())
}
