//! Links. Every statement for a caller carries the workspace: what belongs to another one is not
//! found.

use contract::{Code, Domain, LinkId, LinkOptions, RedirectStatus};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::LinkRow;
use super::link_row::stored_options;
use crate::Result;

/// What a new link starts with.
#[derive(Debug)]
pub struct NewLink<'a> {
    /// Identity.
    pub id: LinkId,
    /// Owner.
    pub workspace_id: Uuid,
    /// Host.
    pub domain: &'a Domain,
    /// Short part.
    pub code: &'a Code,
    /// Target, serialised.
    pub original_url: &'a str,
    /// What its owner calls it.
    pub title: Option<&'a str>,
    /// False: made, but switched off.
    pub is_enabled: bool,
    /// When it stops redirecting.
    pub expires_at: Option<OffsetDateTime>,
    /// Which redirect it answers with.
    pub redirect_status: RedirectStatus,
    /// What it has beyond that. Its password is not in here.
    pub options: &'a LinkOptions,
    /// PHC string of its password, if it has one.
    pub password_hash: Option<&'a str>,
    /// Now.
    pub created_at: OffsetDateTime,
}

/// Inserts a link, unless its code is taken: then false. Follow with
/// [`log_change`](super::log_change) in the same transaction.
pub async fn insert_link(connection: &mut PgConnection, link: &NewLink<'_>) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into links (id, workspace_id, domain, code, original_url, title, is_enabled,
                            expires_at, created_at, updated_at, revision, redirect_status,
                            options, password_hash, password_changed)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, $10,
                 $11, $12::text, case when $12 is null then 0 else 1 end)
         on conflict on constraint links_domain_code_key do nothing",
        link.id.0,
        link.workspace_id,
        link.domain.as_str(),
        link.code.as_str(),
        link.original_url,
        link.title,
        link.is_enabled,
        link.expires_at,
        link.created_at,
        link.redirect_status.as_u16() as i16,
        stored_options(link.options.clone()) as _,
        link.password_hash,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The link, also from the bin.
pub async fn find_link(pool: &PgPool, workspace_id: Uuid, id: LinkId) -> Result<Option<LinkRow>> {
    let link = sqlx::query_as!(
        LinkRow,
        r#"select id, workspace_id, domain, code, original_url, title, is_enabled, expires_at,
                created_at, updated_at, deleted_at, revision, redirect_status,
                options as "options: _", password_hash, password_changed, is_blocked
         from links where workspace_id = $1 and id = $2"#,
        workspace_id,
        id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(link)
}

/// The domain a link lives under.
pub async fn domain_of_link(
    pool: &PgPool,
    workspace_id: Uuid,
    id: LinkId,
) -> Result<Option<String>> {
    let domain = sqlx::query_scalar!(
        "select domain from links where workspace_id = $1 and id = $2",
        workspace_id,
        id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(domain)
}

/// The link for an edit, locked until the end of the transaction. Not from the bin.
pub async fn lock_link(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    id: LinkId,
) -> Result<Option<LinkRow>> {
    let link = sqlx::query_as!(
        LinkRow,
        r#"select id, workspace_id, domain, code, original_url, title, is_enabled, expires_at,
                created_at, updated_at, deleted_at, revision, redirect_status,
                options as "options: _", password_hash, password_changed, is_blocked
         from links where workspace_id = $1 and id = $2 and deleted_at is null
         for update"#,
        workspace_id,
        id.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(link)
}

/// The link behind a short address, whoever owns it. For the edge, which folds case itself.
pub async fn find_link_by_code(
    pool: &PgPool,
    domain: &Domain,
    code: &Code,
) -> Result<Option<LinkRow>> {
    let link = sqlx::query_as!(
        LinkRow,
        r#"select id, workspace_id, domain, code, original_url, title, is_enabled, expires_at,
                created_at, updated_at, deleted_at, revision, redirect_status,
                options as "options: _", password_hash, password_changed, is_blocked
         from links where domain = $1 and code = $2"#,
        domain.as_str(),
        code.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(link)
}

/// The link that a visitor means, whoever owns it: in any case, if the domain ignores that.
pub async fn find_link_as_asked(
    pool: &PgPool,
    domain: &Domain,
    code: &Code,
) -> Result<Option<LinkRow>> {
    let link = sqlx::query_as!(
        LinkRow,
        r#"select id, workspace_id, domain, code, original_url, title, is_enabled, expires_at,
                created_at, updated_at, deleted_at, revision, redirect_status,
                options as "options: _", password_hash, password_changed, is_blocked
         from links
         where domain = $1
           and code = case
                 when exists (select from domains where domain = $1 and ignores_case)
                 then lower($2)
                 else $2
               end"#,
        domain.as_str(),
        code.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(link)
}

/// A link by its names.
#[derive(Debug)]
pub struct LinkName {
    /// Identity.
    pub id: Uuid,
    /// Host.
    pub domain: String,
    /// Short part.
    pub code: String,
}

/// The workspace's links with these codes, also from the bin. `domains` and `codes` belong
/// together by their places.
pub async fn ids_of_codes(
    pool: &PgPool,
    workspace_id: Uuid,
    domains: &[String],
    codes: &[String],
) -> Result<Vec<LinkName>> {
    let links = sqlx::query_as!(
        LinkName,
        "select links.id, links.domain, links.code
         from unnest($2::text[], $3::text[]) as asked (domain, code)
         join links on links.domain = asked.domain and links.code = asked.code
         where links.workspace_id = $1",
        workspace_id,
        domains,
        codes,
    )
    .fetch_all(pool)
    .await?;
    Ok(links)
}

/// Whether there is such a link, whoever owns it, also in the bin. For the edge.
pub async fn link_exists(pool: &PgPool, id: LinkId) -> Result<bool> {
    let exists = sqlx::query_scalar!(
        r#"select exists (select from links where id = $1) as "exists!""#,
        id.0,
    )
    .fetch_one(pool)
    .await?;
    Ok(exists)
}

/// Writes the fields an owner may edit. Follow with [`log_change`](super::log_change).
pub async fn update_link(connection: &mut PgConnection, link: &LinkRow) -> Result<()> {
    sqlx::query!(
        "update links set original_url = $3, title = $4, is_enabled = $5, expires_at = $6,
                          redirect_status = $7, options = $8, password_hash = $9,
                          password_changed = $10
         where workspace_id = $1 and id = $2",
        link.workspace_id,
        link.id,
        link.original_url,
        link.title,
        link.is_enabled,
        link.expires_at,
        link.redirect_status,
        link.options as _,
        link.password_hash,
        link.password_changed,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts a link into the bin; false when it is not there or already in it. Follow with
/// [`log_change`](super::log_change).
pub async fn delete_link(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    id: LinkId,
    now: OffsetDateTime,
) -> Result<bool> {
    let deleted = sqlx::query!(
        "update links set deleted_at = $3
         where workspace_id = $1 and id = $2 and deleted_at is null",
        workspace_id,
        id.0,
        now,
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() == 1)
}
