//! Logos in QR codes.

use sqlx::{PgConnection, PgExecutor, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;

/// The logo of a workspace, a PNG.
pub async fn find_qr_logo(pool: &PgPool, workspace_id: Uuid) -> Result<Option<Vec<u8>>> {
    let png = sqlx::query_scalar!(
        "select png from qr_logos where workspace_id = $1",
        workspace_id,
    )
    .fetch_optional(pool)
    .await?;
    Ok(png)
}

/// Sets the logo of a workspace.
pub async fn put_qr_logo(
    executor: impl PgExecutor<'_>,
    workspace_id: Uuid,
    png: &[u8],
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into qr_logos (workspace_id, png, updated_at) values ($1, $2, $3)
         on conflict (workspace_id) do update
         set png = excluded.png, updated_at = excluded.updated_at",
        workspace_id,
        png,
        now,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// The logo of a workspace. Nobody can set, change or remove it until the end of the transaction.
pub async fn lock_qr_logo(
    connection: &mut PgConnection,
    workspace_id: Uuid,
) -> Result<Option<Vec<u8>>> {
    sqlx::query!(
        "select id from workspaces where id = $1 for no key update",
        workspace_id,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let png = sqlx::query_scalar!(
        "select png from qr_logos where workspace_id = $1",
        workspace_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(png)
}

/// Removes the logo of a workspace.
pub async fn delete_qr_logo(connection: &mut PgConnection, workspace_id: Uuid) -> Result<()> {
    sqlx::query!("delete from qr_logos where workspace_id = $1", workspace_id)
        .execute(connection)
        .await?;
    Ok(())
}
