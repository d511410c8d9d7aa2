//! Who belongs to a workspace.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;
use crate::versions::revision_of;

/// A member.
#[derive(Debug)]
pub struct MemberRow {
    /// Who.
    pub user_id: Uuid,
    /// Their address.
    pub email: String,
    /// `owner`, `admin`, `editor` or `viewer`.
    pub role: String,
    /// Since when.
    pub created_at: OffsetDateTime,
}

impl MemberRow {
    /// Which version this is.
    pub fn revision(&self) -> Result<i64> {
        revision_of(&(&self.email, &self.role, self.created_at))
    }
}

/// A workspace, and what somebody may do there.
#[derive(Debug)]
pub struct WorkspaceRow {
    /// Identity.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// `owner`, `admin`, `editor` or `viewer`.
    pub role: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

impl WorkspaceRow {
    /// Which version this is, whoever looks at it.
    pub fn revision(&self) -> Result<i64> {
        revision_of(&(self.id, &self.name))
    }
}

/// All members, the longest there first.
pub async fn list_members(pool: &PgPool, workspace_id: Uuid) -> Result<Vec<MemberRow>> {
    let members = sqlx::query_as!(
        MemberRow,
        "select m.user_id, u.email, m.role, m.created_at
         from memberships m join users u on u.id = m.user_id
         where m.workspace_id = $1
         order by m.created_at, m.user_id",
        workspace_id,
    )
    .fetch_all(pool)
    .await?;
    Ok(members)
}

/// All members, none of whom can change until the end of the transaction; nor can one be added. Not
/// `for update`, here and wherever a workspace is locked: whoever makes links or keeps an answer holds
/// the audit log, and then looks whether there is such a workspace.
pub async fn lock_members(
    connection: &mut PgConnection,
    workspace_id: Uuid,
) -> Result<Vec<MemberRow>> {
    sqlx::query!(
        "select id from workspaces where id = $1 for no key update",
        workspace_id
    )
    .fetch_optional(&mut *connection)
    .await?;
    let members = sqlx::query_as!(
        MemberRow,
        "select m.user_id, u.email, m.role, m.created_at
         from memberships m join users u on u.id = m.user_id
         where m.workspace_id = $1
         order by m.created_at, m.user_id",
        workspace_id,
    )
    .fetch_all(connection)
    .await?;
    Ok(members)
}

/// Gives a member another role.
pub async fn update_role(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    user_id: Uuid,
    role: &str,
) -> Result<()> {
    sqlx::query!(
        "update memberships set role = $3 where workspace_id = $1 and user_id = $2",
        workspace_id,
        user_id,
        role,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a membership, and with it the sign-ins to this workspace.
pub async fn delete_membership(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    user_id: Uuid,
) -> Result<()> {
    sqlx::query!(
        "with ended as (delete from sessions where workspace_id = $1 and user_id = $2)
         delete from memberships where workspace_id = $1 and user_id = $2",
        workspace_id,
        user_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The workspaces somebody belongs to, the oldest first.
pub async fn list_workspaces(pool: &PgPool, user_id: Uuid) -> Result<Vec<WorkspaceRow>> {
    let workspaces = sqlx::query_as!(
        WorkspaceRow,
        "select w.id, w.name, m.role, w.created_at
         from memberships m join workspaces w on w.id = m.workspace_id
         where m.user_id = $1
         order by w.created_at, w.id",
        user_id,
    )
    .fetch_all(pool)
    .await?;
    Ok(workspaces)
}

/// How many workspaces somebody owns. Nobody can make them one more until the end of the
/// transaction.
pub async fn count_owned(connection: &mut PgConnection, user_id: Uuid) -> Result<i64> {
    sqlx::query!("select id from users where id = $1 for update", user_id)
        .fetch_optional(&mut *connection)
        .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from memberships where user_id = $1 and role = 'owner'"#,
        user_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// The workspace, as somebody with this role sees it, locked until the end of the transaction.
pub async fn lock_workspace(
    connection: &mut PgConnection,
    id: Uuid,
    role: &str,
) -> Result<Option<WorkspaceRow>> {
    let workspace = sqlx::query_as!(
        WorkspaceRow,
        r#"select id, name, $2::text as "role!", created_at
           from workspaces
           where id = $1
           for no key update"#,
        id,
        role,
    )
    .fetch_optional(connection)
    .await?;
    Ok(workspace)
}

/// Gives a workspace another name.
pub async fn rename_workspace(connection: &mut PgConnection, id: Uuid, name: &str) -> Result<()> {
    sqlx::query!("update workspaces set name = $2 where id = $1", id, name)
        .execute(connection)
        .await?;
    Ok(())
}
