//! Domains that a workspace has not shown to be its own.

use contract::Domain;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;

/// A claim.
#[derive(Debug, Clone)]
pub struct ClaimRow {
    /// Host.
    pub domain: String,
    /// What the DNS record must say.
    pub token: String,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// Makes a claim; false when the workspace has made it before.
pub async fn insert_claim(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    claim: &ClaimRow,
) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into domain_claims (workspace_id, domain, token, created_at)
         values ($1, $2, $3, $4)
         on conflict (workspace_id, domain) do nothing",
        workspace_id,
        claim.domain,
        claim.token,
        claim.created_at,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// How many claims and domains a workspace has. Nobody can make one more until the end of the
/// transaction.
pub async fn count_domains(connection: &mut PgConnection, workspace_id: Uuid) -> Result<i64> {
    sqlx::query!(
        "select id from workspaces where id = $1 for no key update",
        workspace_id
    )
    .fetch_optional(&mut *connection)
    .await?;
    let count = sqlx::query_scalar!(
        r#"select (select count(*) from domain_claims where workspace_id = $1)
                + (select count(*) from domains where workspace_id = $1) as "count!""#,
        workspace_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// A workspace's claim on a domain.
pub async fn find_claim(
    pool: &PgPool,
    workspace_id: Uuid,
    domain: &Domain,
) -> Result<Option<ClaimRow>> {
    let claim = sqlx::query_as!(
        ClaimRow,
        "select domain, token, created_at from domain_claims
         where workspace_id = $1 and domain = $2",
        workspace_id,
        domain.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(claim)
}

/// A workspace's claims, by name.
pub async fn list_claims(pool: &PgPool, workspace_id: Uuid) -> Result<Vec<ClaimRow>> {
    let claims = sqlx::query_as!(
        ClaimRow,
        "select domain, token, created_at from domain_claims
         where workspace_id = $1
         order by domain",
        workspace_id,
    )
    .fetch_all(pool)
    .await?;
    Ok(claims)
}

/// Ends a claim; false when there is none.
pub async fn delete_claim(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    domain: &Domain,
) -> Result<bool> {
    let deleted = sqlx::query!(
        "delete from domain_claims where workspace_id = $1 and domain = $2",
        workspace_id,
        domain.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() == 1)
}
