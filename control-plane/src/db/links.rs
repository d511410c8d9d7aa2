//! Links. Every statement for a caller carries the workspace: what belongs to another one is not
//! found.

use std::collections::HashSet;

use contract::{Code, Domain, LinkId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::LinkRow;
use super::select_link::select_link;
use crate::{Error, Result};

/// Inserts a link, unless its code is taken: then false. Follow with
/// [`log_change`](super::log_change) in the same transaction.
pub async fn insert_link(connection: &mut PgConnection, link: &LinkRow) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into links (id, workspace_id, domain, code, original_url, title, is_enabled,
                            expires_at, created_at, updated_at, revision, redirect_status,
                            options, password_hash, password_changed, notes, tags, is_archived,
                            external_id, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, $10, $11, $12, $13, $14, $15, $16, $17,
                 $18)
         on conflict on constraint links_domain_code_key do nothing",
        link.id,
        link.workspace_id,
        link.domain,
        link.code,
        link.original_url,
        link.title,
        link.is_enabled,
        link.expires_at,
        link.created_at,
        link.redirect_status,
        link.options as _,
        link.password_hash,
        link.password_changed,
        link.notes,
        &link.tags,
        link.is_archived,
        link.external_id,
        link.created_by,
    )
    .execute(connection)
    .await;
    Ok(inserted.map_err(named_elsewhere)?.rows_affected() == 1)
}

/// What the database says when another link has the external id.
pub(super) fn named_elsewhere(error: sqlx::Error) -> Error {
    let constraint = error
        .as_database_error()
        .and_then(|error| error.constraint());
    match constraint {
        Some("links_external_id_key") => Error::Conflict("another link has this external id"),
        _ => error.into(),
    }
}

/// The link, also from the bin.
pub async fn find_link(pool: &PgPool, workspace_id: Uuid, id: LinkId) -> Result<Option<LinkRow>> {
    let link = select_link!(
        "from links where workspace_id = $1 and id = $2",
        workspace_id,
        id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(link)
}

/// What decides which keys see a link.
#[derive(Debug)]
pub struct LinkPlace {
    /// Host.
    pub domain: String,
    /// In lower case, ascending.
    pub tags: Vec<String>,
}

/// What decides which keys see this link.
pub async fn place_of_link(
    pool: &PgPool,
    workspace_id: Uuid,
    id: LinkId,
) -> Result<Option<LinkPlace>> {
    let place = sqlx::query_as!(
        LinkPlace,
        "select domain, tags from links where workspace_id = $1 and id = $2",
        workspace_id,
        id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(place)
}

/// The link for an edit, locked until the end of the transaction.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::LinkGone`] if it is in the bin.
pub async fn lock_link(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    id: LinkId,
) -> Result<LinkRow> {
    let link = lock_link_also_deleted(connection, workspace_id, id).await?;
    match link.deleted_at {
        Some(_) => Err(Error::LinkGone),
        None => Ok(link),
    }
}

/// The link, also from the bin, locked until the end of the transaction.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn lock_link_also_deleted(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    id: LinkId,
) -> Result<LinkRow> {
    let link = select_link!(
        "from links where workspace_id = $1 and id = $2
         for update",
        workspace_id,
        id.0,
    )
    .fetch_optional(connection)
    .await?;
    link.ok_or(Error::NotFound("link"))
}

/// The link with this name of another system, for an edit, locked until the end of the
/// transaction. Not from the bin.
pub async fn lock_external_link(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    external_id: &str,
) -> Result<Option<LinkRow>> {
    let link = select_link!(
        "from links where workspace_id = $1 and external_id = $2 and deleted_at is null
         for update",
        workspace_id,
        external_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(link)
}

/// The link with this name of another system. Not from the bin.
pub async fn find_external_link(
    pool: &PgPool,
    workspace_id: Uuid,
    external_id: &str,
) -> Result<Option<LinkRow>> {
    let link = select_link!(
        "from links where workspace_id = $1 and external_id = $2 and deleted_at is null",
        workspace_id,
        external_id,
    )
    .fetch_optional(pool)
    .await?;
    Ok(link)
}

/// The link behind a short address, whoever owns it. For the edge, which folds case itself.
pub async fn find_link_by_code(
    pool: &PgPool,
    domain: &Domain,
    code: &Code,
) -> Result<Option<LinkRow>> {
    let link = select_link!(
        "from links where domain = $1 and code = $2",
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
    let link = select_link!(
        "from links
         where domain = $1
           and code = case
                 when exists (select from domains where domain = $1 and ignores_case)
                 then lower($2)
                 else $2
               end",
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

/// Which of these codes are taken, whoever has them. `domains` and `codes` belong together by their
/// places.
pub async fn taken_codes(
    connection: &mut PgConnection,
    domains: &[String],
    codes: &[String],
) -> Result<HashSet<(String, String)>> {
    if codes.is_empty() {
        return Ok(HashSet::new());
    }
    let taken = sqlx::query!(
        "select links.domain, links.code
         from unnest($1::text[], $2::text[]) as asked (domain, code)
         join links on links.domain = asked.domain and links.code = asked.code",
        domains,
        codes,
    )
    .fetch_all(connection)
    .await?;
    let names = taken.into_iter().map(|row| (row.domain, row.code));
    Ok(names.collect())
}

/// Domains and codes of the workspace's links among these, and where they lead. Not from the bin: those
/// lead nowhere.
pub async fn targets_of_codes(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    domains: &[String],
    codes: &[String],
) -> Result<HashSet<(String, String, String)>> {
    let targets = sqlx::query!(
        "select links.domain, links.code, links.original_url
         from unnest($2::text[], $3::text[]) as asked (domain, code)
         join links on links.domain = asked.domain and links.code = asked.code
         where links.workspace_id = $1 and links.deleted_at is null",
        workspace_id,
        domains,
        codes,
    )
    .fetch_all(connection)
    .await?;
    let targets = targets
        .into_iter()
        .map(|row| (row.domain, row.code, row.original_url));
    Ok(targets.collect())
}

/// Which of these external ids links of the workspace have, outside the bin.
pub async fn taken_external_ids(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    external_ids: &[String],
) -> Result<HashSet<String>> {
    if external_ids.is_empty() {
        return Ok(HashSet::new());
    }
    let taken = sqlx::query_scalar!(
        r#"select external_id as "external_id!" from links
           where workspace_id = $1 and external_id = any($2) and deleted_at is null"#,
        workspace_id,
        external_ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(taken.into_iter().collect())
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
    let updated = sqlx::query!(
        "update links set original_url = $3, title = $4, is_enabled = $5, expires_at = $6,
                          redirect_status = $7, options = $8, password_hash = $9,
                          password_changed = $10, notes = $11, tags = $12, is_archived = $13,
                          external_id = $14
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
        link.notes,
        &link.tags,
        link.is_archived,
        link.external_id,
    )
    .execute(connection)
    .await;
    updated.map_err(named_elsewhere)?;
    Ok(())
}

/// Puts a link that the transaction has locked into the bin (`Some`), or takes it out of it. Follow with
/// [`log_change`](super::log_change).
pub async fn write_deleted(connection: &mut PgConnection, link: &LinkRow) -> Result<()> {
    let written = sqlx::query!(
        "update links set deleted_at = $3 where workspace_id = $1 and id = $2",
        link.workspace_id,
        link.id,
        link.deleted_at,
    )
    .execute(connection)
    .await;
    written.map_err(named_elsewhere)?;
    Ok(())
}
