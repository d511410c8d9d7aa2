//! Many links at once: each with a change of its own, all in one transaction.
//!
//! Rows are written once, with their number in them: the number is taken in the same statement, or
//! right before it. A row that is written and then numbered would be written twice into each index.

use contract::LinkOptions;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::LinkRow;
use super::changes::put_changes;
use super::links::named_elsewhere;
use super::select_link::{returning_link, select_link};
use crate::audit::{self, Cause};
use crate::{Error, Result};

/// Tags of a row on their way into one array of texts: a tag has no comma.
const SEPARATOR: &str = ",";

/// Locks links for an edit until the end of the transaction, in one order; also those in the bin.
pub async fn lock_links(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    ids: &[Uuid],
) -> Result<Vec<LinkRow>> {
    let links = select_link!(
        "from links where workspace_id = $1 and id = any($2)
         order by id for update",
        workspace_id,
        ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(links)
}

/// Locks these links, in one order, until the end of the transaction.
pub async fn hold_links(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    ids: &[Uuid],
) -> Result<()> {
    sqlx::query!(
        "select id from links where workspace_id = $1 and id = any($2)
         order by id for update",
        workspace_id,
        ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Where a link may lead.
#[derive(Debug)]
pub struct TargetRow {
    /// Identity.
    pub id: Uuid,
    /// Owner.
    pub workspace_id: Uuid,
    /// Target.
    pub original_url: String,
    /// Other targets are in here.
    pub options: Option<Json<LinkOptions>>,
}

/// Of all workspaces, the next links in the order of their ids that are not taken down.
pub async fn targets_after(pool: &PgPool, after: Uuid, limit: i64) -> Result<Vec<TargetRow>> {
    let links = sqlx::query_as!(
        TargetRow,
        r#"select id, workspace_id, original_url, options as "options: _"
           from links
           where id > $1 and deleted_at is null and not is_blocked
           order by id limit $2"#,
        after,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(links)
}

/// Makes links of one workspace, whose codes and external ids were free a moment ago, and logs them
/// in this order. Must be the last statements before the commit, of a transaction that began with
/// [`take_names`](super::take_names).
///
/// # Errors
/// [`Error::Conflict`] when somebody took a code or an external id in that moment. The transaction
/// is then void.
pub async fn insert_links(
    connection: &mut PgConnection,
    mut links: Vec<LinkRow>,
    cause: &Cause<'_>,
) -> Result<Vec<LinkRow>> {
    audit::record_links(connection, &links, cause).await?;
    let count = links.len() as i64;
    let before = sqlx::query_scalar!(
        r#"update link_changes_head set seq = seq + $1 returning seq - $1 as "before!""#,
        count,
    )
    .fetch_one(&mut *connection)
    .await?;
    for (number, link) in (before + 1..).zip(&mut links) {
        link.revision = number;
    }
    let columns = Columns::of(&links)?;
    let first = links
        .first()
        .ok_or_else(|| Error::internal("no link to make"))?;
    let inserted = sqlx::query!(
        "insert into links (id, workspace_id, domain, code, original_url, title, is_enabled,
                            expires_at, redirect_status, options, password_hash,
                            password_changed, notes, tags, is_archived, external_id, revision,
                            created_at, updated_at, created_by, deleted_at, is_blocked)
         select id, $1, domain, code, original_url, title, is_enabled, expires_at,
                redirect_status, options::jsonb, password_hash, password_changed, notes,
                string_to_array(tags, ','), is_archived, external_id, revision, created_at, updated_at,
                created_by, deleted_at, is_blocked
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[],
                     $8::timestamptz[], $9::smallint[], $10::text[], $11::text[], $12::bigint[],
                     $13::text[], $14::text[], $15::boolean[], $16::text[], $17::bigint[],
                     $18::timestamptz[], $19::timestamptz[], $20::text[], $21::timestamptz[],
                     $22::boolean[])
             as link (id, domain, code, original_url, title, is_enabled, expires_at,
                      redirect_status, options, password_hash, password_changed, notes, tags,
                      is_archived, external_id, revision, created_at, updated_at, created_by,
                      deleted_at, is_blocked)",
        first.workspace_id,
        &columns.ids,
        &columns.domains,
        &columns.codes,
        &columns.original_urls,
        &columns.titles as _,
        &columns.are_enabled,
        &columns.expire_at as _,
        &columns.redirect_statuses,
        &columns.options as _,
        &columns.password_hashes as _,
        &columns.passwords_changed,
        &columns.notes as _,
        &columns.tags,
        &columns.are_archived,
        &columns.external_ids as _,
        &columns.revisions,
        &columns.created_at,
        &columns.updated_at,
        &columns.created_by as _,
        &columns.deleted_at as _,
        &columns.are_blocked,
    )
    .execute(&mut *connection)
    .await;
    inserted.map_err(taken_meanwhile)?;
    put_changes(connection, &links, cause.at).await?;
    Ok(links)
}

/// Writes all that may change in links of one workspace, and logs them in this order. The
/// transaction must have locked them. Must be its last statements.
pub async fn write_links(
    connection: &mut PgConnection,
    links: &[LinkRow],
    cause: &Cause<'_>,
) -> Result<Vec<LinkRow>> {
    audit::record_links(connection, links, cause).await?;
    let columns = Columns::of(links)?;
    let written = returning_link!(
        "with head as (
             update link_changes_head set seq = seq + cardinality($1::uuid[])
             returning seq - cardinality($1::uuid[]) as before
         )
         update links
         set original_url = new.original_url, title = new.title, is_enabled = new.is_enabled,
             expires_at = new.expires_at, redirect_status = new.redirect_status,
             options = new.options::jsonb, password_hash = new.password_hash,
             password_changed = new.password_changed, notes = new.notes,
             tags = string_to_array(new.tags, ','), is_archived = new.is_archived,
             external_id = new.external_id, deleted_at = new.deleted_at,
             is_blocked = new.is_blocked, revision = head.before + new.place, updated_at = $16
         from head,
             unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::timestamptz[],
                    $6::smallint[], $7::text[], $8::text[], $9::bigint[], $10::text[], $11::text[],
                    $12::boolean[], $13::text[], $14::timestamptz[], $15::boolean[])
             with ordinality
             as new (link_id, original_url, title, is_enabled, expires_at, redirect_status,
                     options, password_hash, password_changed, notes, tags, is_archived,
                     external_id, deleted_at, is_blocked, place)
         where links.id = new.link_id",
        &columns.ids,
        &columns.original_urls,
        &columns.titles as _,
        &columns.are_enabled,
        &columns.expire_at as _,
        &columns.redirect_statuses,
        &columns.options as _,
        &columns.password_hashes as _,
        &columns.passwords_changed,
        &columns.notes as _,
        &columns.tags,
        &columns.are_archived,
        &columns.external_ids as _,
        &columns.deleted_at as _,
        &columns.are_blocked,
        cause.at,
    )
    .fetch_all(&mut *connection)
    .await;
    let mut written = written.map_err(named_elsewhere)?;
    if written.len() != links.len() {
        // A number without a change would stop every proxy.
        return Err(Error::internal("a change of a link that is not there"));
    }
    written.sort_unstable_by_key(|link| link.revision);
    put_changes(connection, &written, cause.at).await?;
    Ok(written)
}

fn taken_meanwhile(error: sqlx::Error) -> Error {
    let constraint = error
        .as_database_error()
        .and_then(|error| error.constraint());
    match constraint {
        Some("links_domain_code_key") => Error::Conflict("a code was taken at the same time"),
        _ => named_elsewhere(error),
    }
}

/// Rows turned into columns, as `unnest` takes them.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    domains: Vec<String>,
    codes: Vec<String>,
    original_urls: Vec<String>,
    titles: Vec<Option<String>>,
    are_enabled: Vec<bool>,
    expire_at: Vec<Option<OffsetDateTime>>,
    redirect_statuses: Vec<i16>,
    options: Vec<Option<String>>,
    password_hashes: Vec<Option<String>>,
    passwords_changed: Vec<i64>,
    notes: Vec<Option<String>>,
    tags: Vec<String>,
    are_archived: Vec<bool>,
    external_ids: Vec<Option<String>>,
    deleted_at: Vec<Option<OffsetDateTime>>,
    are_blocked: Vec<bool>,
    revisions: Vec<i64>,
    created_at: Vec<OffsetDateTime>,
    updated_at: Vec<OffsetDateTime>,
    created_by: Vec<Option<String>>,
}

impl Columns {
    fn of(links: &[LinkRow]) -> Result<Self> {
        let mut columns = Self::default();
        let json = |Json(options): &Json<LinkOptions>| serde_json::to_string(options);
        for link in links {
            let options = link.options.as_ref().map(json).transpose();
            columns.ids.push(link.id);
            columns.domains.push(link.domain.clone());
            columns.codes.push(link.code.clone());
            columns.original_urls.push(link.original_url.clone());
            columns.titles.push(link.title.clone());
            columns.are_enabled.push(link.is_enabled);
            columns.expire_at.push(link.expires_at);
            columns.redirect_statuses.push(link.redirect_status);
            columns.options.push(options.map_err(Error::internal)?);
            columns.password_hashes.push(link.password_hash.clone());
            columns.passwords_changed.push(link.password_changed);
            columns.notes.push(link.notes.clone());
            columns.tags.push(link.tags.join(SEPARATOR));
            columns.are_archived.push(link.is_archived);
            columns.external_ids.push(link.external_id.clone());
            columns.deleted_at.push(link.deleted_at);
            columns.are_blocked.push(link.is_blocked);
            columns.revisions.push(link.revision);
            columns.created_at.push(link.created_at);
            columns.updated_at.push(link.updated_at);
            columns.created_by.push(link.created_by.clone());
        }
        Ok(columns)
    }
}
