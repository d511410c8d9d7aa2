//! Settings of domains.

use std::collections::HashMap;

use contract::{Domain, DomainRecord};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::names::NAMES_LOCK;
use crate::{Error, Result};

/// First half of the number under which a domain's way with letter case is locked: "case" in ASCII.
const CASE_LOCK: i32 = 0x6361_7365;

/// A row of `domains`.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainRow {
    /// Host.
    pub domain: String,
    /// Whose it is.
    pub workspace_id: Uuid,
    /// Where `/` leads.
    pub root_url: Option<String>,
    /// Where unknown codes lead.
    pub not_found_url: Option<String>,
    /// Where expired links lead.
    pub expired_url: Option<String>,
    /// Codes are in lower case, and are found in any.
    pub ignores_case: bool,
    /// What it says of iOS apps that may open its links: an object.
    pub apple_app_site_association: Option<Json<Value>>,
    /// The same of Android apps: an array.
    pub assetlinks: Option<Json<Value>>,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// Number of its last change.
    pub revision: i64,
}

impl DomainRow {
    /// What the edge needs to know about this domain.
    pub fn to_record(&self) -> Result<DomainRecord> {
        Ok(DomainRecord {
            domain: self.domain.parse().map_err(Error::internal)?,
            revision: self.revision.try_into().map_err(Error::internal)?,
            root_url: self.root_url.clone(),
            not_found_url: self.not_found_url.clone(),
            expired_url: self.expired_url.clone(),
            ignores_case: self.ignores_case,
        })
    }
}

/// A domain's settings, if it has any.
pub async fn find_domain(pool: &PgPool, domain: &Domain) -> Result<Option<DomainRow>> {
    let row = sqlx::query_as!(
        DomainRow,
        r#"select domain, workspace_id, root_url, not_found_url, expired_url, ignores_case, updated_at,
                  revision, apple_app_site_association as "apple_app_site_association: _",
                  assetlinks as "assetlinks: _"
         from domains where domain = $1"#,
        domain.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row)
}

/// The domains of a workspace that have settings.
pub async fn domain_names(
    database: impl PgExecutor<'_>,
    workspace_id: Uuid,
) -> Result<Vec<String>> {
    let names = sqlx::query_scalar!(
        "select domain from domains where workspace_id = $1 order by domain",
        workspace_id,
    )
    .fetch_all(database)
    .await?;
    Ok(names)
}

/// All domains of a workspace, by name.
pub async fn list_domains(pool: &PgPool, workspace_id: Uuid) -> Result<Vec<DomainRow>> {
    let rows = sqlx::query_as!(
        DomainRow,
        r#"select domain, workspace_id, root_url, not_found_url, expired_url, ignores_case, updated_at,
                  revision, apple_app_site_association as "apple_app_site_association: _",
                  assetlinks as "assetlinks: _"
         from domains where workspace_id = $1
         order by domain"#,
        workspace_id,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

/// Of all workspaces, the names of their domains.
pub async fn registered_domains(pool: &PgPool) -> Result<Vec<String>> {
    let names = sqlx::query_scalar!("select domain from domains")
        .fetch_all(pool)
        .await?;
    Ok(names)
}

/// Of all workspaces, the domains that lead somewhere by themselves.
pub async fn domains_with_targets(pool: &PgPool) -> Result<Vec<DomainRow>> {
    let rows = sqlx::query_as!(
        DomainRow,
        r#"select domain, workspace_id, root_url, not_found_url, expired_url, ignores_case, updated_at,
                  revision, apple_app_site_association as "apple_app_site_association: _",
                  assetlinks as "assetlinks: _"
         from domains
         where root_url is not null or not_found_url is not null or expired_url is not null
         order by domain"#,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

/// Gives a domain to a workspace; false when it is somebody's already. Follow with
/// [`log_domain_change`].
pub async fn insert_domain(
    connection: &mut PgConnection,
    domain: &Domain,
    workspace_id: Uuid,
    now: OffsetDateTime,
) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into domains (domain, workspace_id, created_at, updated_at, revision)
         values ($1, $2, $3, $3, 0)
         on conflict (domain) do nothing",
        domain.as_str(),
        workspace_id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// A domain's settings for an edit, locked until the end of the transaction.
pub async fn lock_domain(
    connection: &mut PgConnection,
    domain: &Domain,
    workspace_id: Uuid,
) -> Result<Option<DomainRow>> {
    let row = sqlx::query_as!(
        DomainRow,
        r#"select domain, workspace_id, root_url, not_found_url, expired_url, ignores_case, updated_at,
                  revision, apple_app_site_association as "apple_app_site_association: _",
                  assetlinks as "assetlinks: _"
         from domains where domain = $1 and workspace_id = $2
         for update"#,
        domain.as_str(),
        workspace_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// Whether a domain is a workspace's. With [`hold_case`] before, it stays so until the end of the
/// transaction.
pub async fn owns_domain(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    domain: &Domain,
) -> Result<bool> {
    let owns = sqlx::query_scalar!(
        r#"select exists (
               select from domains where workspace_id = $1 and domain = $2
           ) as "owns!""#,
        workspace_id,
        domain.as_str(),
    )
    .fetch_one(connection)
    .await?;
    Ok(owns)
}

/// Whether a domain has links, deleted ones included.
pub async fn has_links(connection: &mut PgConnection, domain: &Domain) -> Result<bool> {
    let has = sqlx::query_scalar!(
        r#"select exists (select from links where domain = $1) as "has!""#,
        domain.as_str(),
    )
    .fetch_one(connection)
    .await?;
    Ok(has)
}

/// Removes a domain, when its last state was logged.
pub async fn delete_domain(connection: &mut PgConnection, domain: &Domain) -> Result<()> {
    sqlx::query!("delete from domains where domain = $1", domain.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether codes of a domain are in lower case. Stays so until the end of the transaction, which may
/// then make a link: it holds the lock of names, too.
pub async fn hold_case(connection: &mut PgConnection, domain: &Domain) -> Result<bool> {
    // Names first: whoever gives names to many links takes these two locks in this order. Two
    // statements: the second must see what was committed while the first waited.
    sqlx::query!(
        "select pg_advisory_xact_lock_shared($3), pg_advisory_xact_lock_shared($1, hashtext($2))",
        CASE_LOCK,
        domain.as_str(),
        NAMES_LOCK,
    )
    .execute(&mut *connection)
    .await?;
    let ignores_case = sqlx::query_scalar!(
        "select ignores_case from domains where domain = $1",
        domain.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(ignores_case.unwrap_or(false))
}

/// Under which of these domains a workspace may make links, and whether codes there are in lower case.
/// `shared` is for everybody. Stays so until the end of the transaction, which must have
/// [taken the names](super::take_names).
///
/// Domains of others are not locked: there may be ten thousand in one request.
pub async fn hold_cases(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    domains: &[String],
    shared: &Domain,
) -> Result<HashMap<String, bool>> {
    let mut held = vec![shared.to_string()];
    if domains.iter().any(|domain| domain != shared.as_str()) {
        let own = sqlx::query_scalar!(
            "select domain from domains where workspace_id = $1 and domain = any($2)",
            workspace_id,
            domains,
        );
        held.extend(own.fetch_all(&mut *connection).await?);
    }
    // Two statements, as above.
    sqlx::query!(
        "select pg_advisory_xact_lock_shared($1, hashtext(domain))
         from unnest($2::text[]) as held (domain)",
        CASE_LOCK,
        &held,
    )
    .execute(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        r#"select domain, ignores_case from domains
           where domain = any($1) and (workspace_id = $2 or domain = $3)"#,
        &held,
        workspace_id,
        shared.as_str(),
    )
    .fetch_all(connection)
    .await?;
    let mut cases = HashMap::from([(shared.to_string(), false)]);
    cases.extend(rows.into_iter().map(|row| (row.domain, row.ignores_case)));
    Ok(cases)
}

/// Whether the codes of a domain, also in the bin, are all in lower case. Nobody can make another
/// one until the end of the transaction.
pub async fn has_lower_case_only(connection: &mut PgConnection, domain: &Domain) -> Result<bool> {
    sqlx::query!(
        "select pg_advisory_xact_lock($1, hashtext($2))",
        CASE_LOCK,
        domain.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    let is_lower = sqlx::query_scalar!(
        r#"select not exists (
               select from links where domain = $1 and code <> lower(code)
           ) as "is_lower!""#,
        domain.as_str(),
    )
    .fetch_one(connection)
    .await?;
    Ok(is_lower)
}

/// Writes a domain's settings. Follow with [`log_domain_change`].
pub async fn update_domain(connection: &mut PgConnection, domain: &DomainRow) -> Result<()> {
    sqlx::query!(
        "update domains
         set root_url = $2, not_found_url = $3, expired_url = $4, ignores_case = $5,
             apple_app_site_association = $6, assetlinks = $7
         where domain = $1",
        domain.domain,
        domain.root_url,
        domain.not_found_url,
        domain.expired_url,
        domain.ignores_case,
        domain.apple_app_site_association as _,
        domain.assetlinks as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Logs the domain's state as of this transaction, as [`log_change`](super::log_change) does for
/// links. Must be the last statement before the commit, for the same reason.
pub async fn log_domain_change(
    connection: &mut PgConnection,
    domain: &str,
    now: OffsetDateTime,
) -> Result<DomainRow> {
    let row = sqlx::query_as!(
        DomainRow,
        r#"with head as (update link_changes_head set seq = seq + 1 returning seq)
         update domains set revision = head.seq, updated_at = $2
         from head
         where domain = $1
         returning domain, workspace_id, root_url, not_found_url, expired_url, ignores_case,
                   updated_at, revision,
                   apple_app_site_association as "apple_app_site_association: _",
                   assetlinks as "assetlinks: _""#,
        domain,
        now,
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "with logged as (
             insert into link_changes (seq, domain, record, changed_at) values ($1, $2, $3, $4)
         )
         select pg_notify('link_changes', '')",
        row.revision,
        domain,
        row.to_record()?.encode(),
        now,
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(row)
}
