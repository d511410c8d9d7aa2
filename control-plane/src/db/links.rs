//! Links. Every statement for a caller carries the workspace: what belongs to another one is not
//! found.

use contract::{
    Code, Domain, LinkId, LinkOptions, LinkRecord, LinkState, RedirectStatus, Timestamp,
};
use sqlx::types::Json;
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
    /// 301, 302, 307 or 308.
    pub redirect_status: i16,
    /// What it has beyond that, without its password. `None`: nothing.
    pub options: Option<Json<LinkOptions>>,
    /// PHC string. `None`: everybody may follow it.
    pub password_hash: Option<String>,
    /// Which password that is.
    pub password_changed: i64,
    /// Taken down.
    pub is_blocked: bool,
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
            state: match (self.deleted_at, self.is_enabled, self.is_blocked) {
                (Some(_), _, _) => LinkState::Deleted,
                (None, false, _) => LinkState::Disabled,
                (None, true, true) => LinkState::Blocked,
                (None, true, false) => LinkState::Active,
            },
            original_url: self.original_url.clone(),
            status: self.redirect_status()?,
            expires_at: self.expires_at.map(Into::into),
            options: self.record_options()?.map(Box::new),
        })
    }

    /// Which redirect it answers with.
    pub fn redirect_status(&self) -> Result<RedirectStatus> {
        let number = u16::try_from(self.redirect_status).unwrap_or_default();
        RedirectStatus::try_from(number).map_err(Error::internal)
    }

    /// Its options, as far as they are stored together.
    pub fn options(&self) -> LinkOptions {
        self.options
            .as_ref()
            .map(|options| options.0.clone())
            .unwrap_or_default()
    }

    /// Stores options. A plain link has none.
    pub fn set_options(&mut self, options: LinkOptions) {
        self.options = stored_options(options);
    }

    /// Sets the password by its hash, or removes it.
    pub fn set_password(&mut self, hash: Option<String>) {
        if hash.is_some() {
            self.password_changed += 1;
        }
        self.password_hash = hash;
    }

    /// Which password visitors need; `None` if they need none.
    pub fn password(&self) -> Result<Option<u64>> {
        let number = || u64::try_from(self.password_changed).map_err(Error::internal);
        self.password_hash.as_ref().map(|_| number()).transpose()
    }

    fn record_options(&self) -> Result<Option<LinkOptions>> {
        let options = LinkOptions {
            password: self.password()?,
            ..self.options()
        };
        Ok(Some(options).filter(|options| *options != LinkOptions::default()))
    }
}

fn stored_options(options: LinkOptions) -> Option<Json<LinkOptions>> {
    let options = LinkOptions {
        password: None,
        ..options
    };
    Some(Json(options)).filter(|options| options.0 != LinkOptions::default())
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

/// Which links a list shows.
#[derive(Debug, Default)]
pub struct LinkFilter<'a> {
    /// Text to find in code, target or title, without regard to case.
    pub search: Option<&'a str>,
    /// Name of a state; all but the bin when absent.
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
        r#"select id, workspace_id, domain, code, original_url, title, is_enabled, expires_at,
                created_at, updated_at, deleted_at, revision, redirect_status,
                options as "options: _", password_hash, password_changed, is_blocked
         from links
         where workspace_id = $1
           and ($2::text is null or code ilike $2 or original_url ilike $2 or title ilike $2)
           and case
                 when $3::text is null then deleted_at is null
                 when deleted_at is not null then $3 = 'deleted'
                 when not is_enabled then $3 = 'disabled'
                 when (options ->> 'starts_at')::bigint > $8 then $3 = 'scheduled'
                 when expires_at <= $4 then $3 = 'expired'
                 when is_blocked then $3 = 'blocked'
                 else $3 = 'active'
               end
           and ($5::timestamptz is null or (created_at, id) < ($5, $6))
         order by created_at desc, id desc
         limit $7"#,
        workspace_id,
        filter.search.map(contains_pattern),
        filter.status,
        now,
        page.after.map(|position| position.created_at),
        page.after.map(|position| position.id),
        page.limit,
        Timestamp::from(now).as_micros(),
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
