//! Answers that are given again to a request that comes again.

use sqlx::{PgConnection, PgPool};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::Result;

/// How long an answer is kept.
pub(super) const KEPT: Duration = Duration::hours(24);

/// An answer that was given.
#[derive(Debug)]
pub struct KeptAnswer {
    /// SHA-256 of the request.
    pub request_hash: Vec<u8>,
    /// Its status.
    pub status: i16,
    /// Where what was made is.
    pub location: Option<String>,
    /// JSON.
    pub body: String,
}

/// The answer under this name.
pub async fn find_answer(
    pool: &PgPool,
    workspace_id: Uuid,
    key_hash: &[u8],
    now: OffsetDateTime,
) -> Result<Option<KeptAnswer>> {
    let answer = sqlx::query_as!(
        KeptAnswer,
        "select request_hash, status, location, body from idempotency_keys
         where workspace_id = $1 and key_hash = $2 and created_at > $3",
        workspace_id,
        key_hash,
        now - KEPT,
    )
    .fetch_optional(pool)
    .await?;
    Ok(answer)
}

/// Takes a name until the end of the transaction; false while another transaction has it.
pub async fn take_name(connection: &mut PgConnection, name: i64) -> Result<bool> {
    let taken = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "taken!""#, name)
        .fetch_one(connection)
        .await?;
    Ok(taken)
}

/// Whether there is an answer under a name that was [taken](take_name).
pub async fn has_answer(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    key_hash: &[u8],
    now: OffsetDateTime,
) -> Result<bool> {
    let has = sqlx::query_scalar!(
        r#"select exists (
               select from idempotency_keys
               where workspace_id = $1 and key_hash = $2 and created_at > $3
           ) as "has!""#,
        workspace_id,
        key_hash,
        now - KEPT,
    )
    .fetch_one(connection)
    .await?;
    Ok(has)
}

/// Keeps an answer under a name that was [taken](take_name), in place of one that is too old.
pub async fn insert_answer(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    key_hash: &[u8],
    answer: &KeptAnswer,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into idempotency_keys (workspace_id, key_hash, request_hash, status, location,
                                       body, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (workspace_id, key_hash) do update
         set request_hash = excluded.request_hash, status = excluded.status,
             location = excluded.location, body = excluded.body, created_at = excluded.created_at",
        workspace_id,
        key_hash,
        answer.request_hash,
        answer.status,
        answer.location,
        answer.body,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
