//! Reading the audit log. What writes it: [`crate::audit`].

use sqlx::{PgExecutor, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;

/// One state of one thing.
#[derive(Debug)]
pub struct VersionRow {
    /// From 1 on.
    pub version: i64,
    /// Since when.
    pub at: OffsetDateTime,
    /// Who made it so.
    pub actor: String,
    /// What they did.
    pub action: String,
    /// What it was like then.
    pub state: String,
}

/// A row of `audit_log`.
#[derive(Debug)]
pub struct AuditRow {
    /// From 1 on.
    pub number: i64,
    /// When.
    pub at: OffsetDateTime,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What it is like since.
    pub state: String,
    /// SHA-256 of this and all before.
    pub hash: Vec<u8>,
}

/// Which entries a list shows. What is `None` does not matter.
#[derive(Debug)]
pub struct AuditFilter<'a> {
    /// Who.
    pub actor: Option<&'a str>,
    /// What was done.
    pub action: Option<&'a str>,
    /// To what.
    pub subject: Option<&'a str>,
}

/// Versions of one thing before this one, the newest first.
pub async fn versions(
    executor: impl PgExecutor<'_>,
    workspace_id: Uuid,
    subject: &str,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<VersionRow>> {
    let versions = sqlx::query_as!(
        VersionRow,
        r#"select version as "version!", at, actor, action, state
           from (select row_number() over (order by number) as version, at, actor, action, state
                 from audit_log
                 where workspace_id = $1 and subject = $2) as versions
           where $3::bigint is null or version < $3
           order by version desc
           limit $4"#,
        workspace_id,
        subject,
        before,
        limit,
    )
    .fetch_all(executor)
    .await?;
    Ok(versions)
}

/// Entries of a workspace before this one, the newest first.
pub async fn audit_log(
    pool: &PgPool,
    workspace_id: Uuid,
    filter: &AuditFilter<'_>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<AuditRow>> {
    let entries = sqlx::query_as!(
        AuditRow,
        "select number, at, actor, action, subject, state, hash
         from audit_log
         where workspace_id = $1
           and ($2::text is null or actor = $2)
           and ($3::text is null or action = $3)
           and ($4::text is null or subject = $4)
           and ($5::bigint is null or number < $5)
         order by number desc
         limit $6",
        workspace_id,
        filter.actor,
        filter.action,
        filter.subject,
        before,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(entries)
}
