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
    /// What it may do.
    pub scopes: Vec<String>,
    /// The only domain whose links it sees.
    pub domain: Option<String>,
    /// The tag without which it sees no link.
    pub tag: Option<String>,
    /// Requests a minute, if it has a limit of its own.
    pub rate_limit: Option<i32>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<OffsetDateTime>,
}

/// A key as its workspace sees it.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Identity.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The only domain whose links it sees.
    pub domain: Option<String>,
    /// The tag without which it sees no link.
    pub tag: Option<String>,
    /// Requests a minute, if it has a limit of its own.
    pub rate_limit: Option<i32>,
    /// The key in whose place it was made.
    pub replaces: Option<Uuid>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it stops working.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<OffsetDateTime>,
}

/// Stores a new key's hash.
pub async fn insert_api_key(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    key: &KeyRow,
    key_hash: &[u8],
) -> Result<()> {
    sqlx::query!(
        "insert into api_keys (id, workspace_id, name, prefix, key_hash, created_at, expires_at,
                               scopes, domain, rate_limit, replaces, tag)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        key.id,
        workspace_id,
        key.name,
        key.prefix,
        key_hash,
        key.created_at,
        key.expires_at,
        &key.scopes,
        key.domain,
        key.rate_limit,
        key.replaces,
        key.tag,
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
        "select id, workspace_id, key_hash, scopes, domain, tag, rate_limit, last_used_at
         from api_keys
         where key_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
        key_hash,
        now,
    )
    .fetch_optional(pool)
    .await?;
    Ok(key)
}

/// The keys of a workspace that were not revoked, newest first.
pub async fn list_api_keys(pool: &PgPool, workspace_id: Uuid) -> Result<Vec<KeyRow>> {
    let keys = sqlx::query_as!(
        KeyRow,
        "select id, name, prefix, scopes, domain, tag, rate_limit, replaces, created_at, expires_at,
                last_used_at
         from api_keys
         where workspace_id = $1 and revoked_at is null
         order by created_at desc, id desc",
        workspace_id,
    )
    .fetch_all(pool)
    .await?;
    Ok(keys)
}

/// A key that was not revoked.
pub async fn find_key(pool: &PgPool, workspace_id: Uuid, id: Uuid) -> Result<Option<KeyRow>> {
    let key = sqlx::query_as!(
        KeyRow,
        "select id, name, prefix, scopes, domain, tag, rate_limit, replaces, created_at, expires_at,
                last_used_at
         from api_keys
         where workspace_id = $1 and id = $2 and revoked_at is null",
        workspace_id,
        id,
    )
    .fetch_optional(pool)
    .await?;
    Ok(key)
}

/// Whether another key took this one's place already.
pub async fn has_successor(connection: &mut PgConnection, id: Uuid) -> Result<bool> {
    let has = sqlx::query_scalar!(
        r#"select exists (
               select from api_keys where replaces = $1 and revoked_at is null
           ) as "has!""#,
        id,
    )
    .fetch_one(connection)
    .await?;
    Ok(has)
}

/// A key that was not revoked, locked until the end of the transaction.
pub async fn lock_api_key(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    id: Uuid,
) -> Result<Option<KeyRow>> {
    let key = sqlx::query_as!(
        KeyRow,
        "select id, name, prefix, scopes, domain, tag, rate_limit, replaces, created_at, expires_at,
                last_used_at
         from api_keys
         where workspace_id = $1 and id = $2 and revoked_at is null
         for update",
        workspace_id,
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(key)
}

/// How many keys a workspace has that were not revoked. Nobody can make one more until the end of
/// the transaction.
pub async fn count_api_keys(connection: &mut PgConnection, workspace_id: Uuid) -> Result<i64> {
    sqlx::query!(
        "select id from workspaces where id = $1 for no key update",
        workspace_id
    )
    .fetch_optional(&mut *connection)
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from api_keys
           where workspace_id = $1 and revoked_at is null"#,
        workspace_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// Lets a key end, unless it ends before that anyway.
pub async fn expire_api_key(
    connection: &mut PgConnection,
    id: Uuid,
    at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update api_keys set expires_at = least(expires_at, $2) where id = $1",
        id,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that a key was used.
pub async fn touch_api_key(pool: &PgPool, id: Uuid, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update api_keys set last_used_at = greatest(last_used_at, $2) where id = $1",
        id,
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Whose key it is. For the installation's own hand, which may end any.
pub async fn workspace_of_key(connection: &mut PgConnection, id: Uuid) -> Result<Option<Uuid>> {
    let workspace_id = sqlx::query_scalar!("select workspace_id from api_keys where id = $1", id)
        .fetch_optional(connection)
        .await?;
    Ok(workspace_id)
}

/// Ends a key for good. The transaction has locked it.
pub async fn revoke_api_key(
    connection: &mut PgConnection,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!("update api_keys set revoked_at = $2 where id = $1", id, now,)
        .execute(connection)
        .await?;
    Ok(())
}
