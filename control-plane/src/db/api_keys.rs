//! API keys.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;

/// A key that may be used now.
#[derive(Debug)]
pub struct ApiKeyRow {
    /// Identity.
    pub id: Uuid,
    /// For which workspace it acts.
    pub workspace_id: Uuid,
    /// SHA-256 of the key.
    pub key_hash: Vec<u8>,
}

/// Stores a new key's hash.
pub async fn insert_api_key(
    connection: &mut PgConnection,
    key: &ApiKeyRow,
    name: &str,
    prefix: &str,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into api_keys (id, workspace_id, name, prefix, key_hash, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        key.id,
        key.workspace_id,
        name,
        prefix,
        key.key_hash,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The key with this hash, unless it is revoked or has expired.
pub async fn find_api_key(
    pool: &PgPool,
    key_hash: &[u8],
    now: OffsetDateTime,
) -> Result<Option<ApiKeyRow>> {
    let key = sqlx::query_as!(
        ApiKeyRow,
        "select id, workspace_id, key_hash from api_keys
         where key_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
        key_hash,
        now,
    )
    .fetch_optional(pool)
    .await?;
    Ok(key)
}

/// Notes that a key was used; at most once a minute, so that a busy key does not write all day.
pub async fn touch_api_key(pool: &PgPool, id: Uuid, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update api_keys set last_used_at = $2::timestamptz
         where id = $1 and (last_used_at is null or last_used_at < $2::timestamptz - interval '1 minute')",
        id,
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Ends a key for good; false when there is none to end.
pub async fn revoke_api_key(pool: &PgPool, id: Uuid, now: OffsetDateTime) -> Result<bool> {
    let revoked = sqlx::query!(
        "update api_keys set revoked_at = $2 where id = $1 and revoked_at is null",
        id,
        now,
    )
    .execute(pool)
    .await?;
    Ok(revoked.rows_affected() == 1)
}
