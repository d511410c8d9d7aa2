//! Links. Every statement for a caller carries the workspace: what belongs to another one is not
//! found.

use contract::{Code, Domain, LinkId, LinkRecord, LinkState, RedirectStatus};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Error, Result};

/// A row of `links`.
#[derive(Debug, Clone)]
pub struct LinkRow {
    /// Identity.
    pub id: Uuid,
    /// Owner.
    pub workspace_id: Uuid,
    /// Host.
    pub domain: String,
    /// Short part.
    pub code: String,
    /// Target.
    pub original_url: String,
    /// What its owner calls it.
    pub title: Option<String>,
    /// False: switched off by its owner.
    pub is_enabled: bool,
    /// When it stops redirecting.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// When it was put into the bin.
    pub deleted_at: Option<OffsetDateTime>,
    /// Number of its last change.
    pub revision: i64,
}

impl LinkRow {
    /// What the edge needs to know about this link.
    pub fn to_record(&self) -> Result<LinkRecord> {
        let unreadable =
            |what| Error::internal(format!("links.{what} of {} is not in its form", self.id));
        Ok(LinkRecord {
            link_id: LinkId(self.id),
            domain: self.domain.parse().map_err(|_| unreadable("domain"))?,
            code: self.code.parse().map_err(|_| unreadable("code"))?,
            revision: self
                .revision
                .try_into()
                .map_err(|_| unreadable("revision"))?,
            state: match (self.deleted_at, self.is_enabled) {
                (Some(_), _) => LinkState::Deleted,
                (None, false) => LinkState::Disabled,
                (None, true) => LinkState::Active,
            },
            original_url: self.original_url.clone(),
            status: RedirectStatus::Found,
            expires_at: self.expires_at.map(Into::into),
            options: None,
        })
    }
}

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
    /// Now.
    pub created_at: OffsetDateTime,
}

/// Inserts a link, unless its code is taken: then false. Follow with
/// [`log_change`](super::log_change) in the same transaction.
pub async fn insert_link(connection: &mut PgConnection, link: &NewLink<'_>) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into links (id, workspace_id, domain, code, original_url, title, is_enabled,
                            expires_at, created_at, updated_at, revision)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0)
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
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The link, also from the bin.
pub async fn find_link(pool: &PgPool, workspace_id: Uuid, id: LinkId) -> Result<Option<LinkRow>> {
    let link = sqlx::query_as!(
        LinkRow,
        "select id, workspace_id, domain, code, original_url, title, is_enabled, expires_at,
                created_at, updated_at, deleted_at, revision
         from links where workspace_id = $1 and id = $2",
        workspace_id,
        id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(link)
}

/// The link for an edit, locked until the end of the transaction. Not from the bin.
pub async fn lock_link(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    id: LinkId,
) -> Result<Option<LinkRow>> {
    let link = sqlx::query_as!(
        LinkRow,
        "select id, workspace_id, domain, code, original_url, title, is_enabled, expires_at,
                created_at, updated_at, deleted_at, revision
         from links where workspace_id = $1 and id = $2 and deleted_at is null
         for update",
        workspace_id,
        id.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(link)
}

/// The link behind a short address, whoever owns it. For the edge.
pub async fn find_link_by_code(
    pool: &PgPool,
    domain: &Domain,
    code: &Code,
) -> Result<Option<LinkRow>> {
    let link = sqlx::query_as!(
        LinkRow,
        "select id, workspace_id, domain, code, original_url, title, is_enabled, expires_at,
                created_at, updated_at, deleted_at, revision
         from links where domain = $1 and code = $2",
        domain.as_str(),
        code.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(link)
}

/// Writes the fields an owner may edit. Follow with [`log_change`](super::log_change).
pub async fn update_link(connection: &mut PgConnection, link: &LinkRow) -> Result<()> {
    sqlx::query!(
        "update links set original_url = $3, title = $4, is_enabled = $5, expires_at = $6
         where workspace_id = $1 and id = $2",
        link.workspace_id,
        link.id,
        link.original_url,
        link.title,
        link.is_enabled,
        link.expires_at,
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

/// Which links a list shows.
#[derive(Debug, Default)]
pub struct LinkFilter<'a> {
    /// Text to find in code, target or title, without regard to case.
    pub search: Option<&'a str>,
    /// `active`, `disabled`, `expired` or `deleted`; all but the bin when absent.
    pub status: Option<&'a str>,
}

/// Where a page begins: after this link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Its identity, for links made in the same microsecond.
    pub id: Uuid,
}

/// Which part of a list.
#[derive(Debug)]
pub struct Page {
    /// From the start when absent.
    pub after: Option<Position>,
    /// Rows at most.
    pub limit: i64,
}

/// A page of the workspace's links, newest first.
pub async fn list_links(
    pool: &PgPool,
    workspace_id: Uuid,
    filter: &LinkFilter<'_>,
    page: &Page,
    now: OffsetDateTime,
) -> Result<Vec<LinkRow>> {
    let links = sqlx::query_as!(
        LinkRow,
        "select id, workspace_id, domain, code, original_url, title, is_enabled, expires_at,
                created_at, updated_at, deleted_at, revision
         from links
         where workspace_id = $1
           and ($2::text is null or code ilike $2 or original_url ilike $2 or title ilike $2)
           and case coalesce($3::text, 'all')
                 when 'deleted' then deleted_at is not null
                 when 'disabled' then deleted_at is null and not is_enabled
                 when 'expired' then deleted_at is null and is_enabled and expires_at <= $4
                 when 'active' then deleted_at is null and is_enabled
                                    and (expires_at is null or expires_at > $4)
                 else deleted_at is null
               end
           and ($5::timestamptz is null or (created_at, id) < ($5, $6))
         order by created_at desc, id desc
         limit $7",
        workspace_id,
        filter.search.map(contains_pattern),
        filter.status,
        now,
        page.after.map(|position| position.created_at),
        page.after.map(|position| position.id),
        page.limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(links)
}

/// A `like` pattern for "contains this text", whatever characters it has.
fn contains_pattern(text: &str) -> String {
    let escaped = text
        .replace('\\', r"\\")
        .replace('%', r"\%")
        .replace('_', r"\_");
    format!("%{escaped}%")
}
