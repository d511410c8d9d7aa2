//! The list of links.

use contract::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::LinkRow;
use super::patterns::contains_pattern;
use crate::Result;

/// Which links a list shows.
#[derive(Debug, Default)]
pub struct LinkFilter<'a> {
    /// Text to find in code, target or title, without regard to case.
    pub search: Option<&'a str>,
    /// Name of a state; all but the bin when absent.
    pub status: Option<&'a str>,
    /// Only links of this domain.
    pub domain: Option<&'a str>,
}

/// Where a page begins: after this link.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Position {
    /// When it was made.
    #[serde(with = "time::serde::timestamp::microseconds")]
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
           and ($9::text is null or domain = $9)
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
        filter.domain,
    )
    .fetch_all(pool)
    .await?;
    Ok(links)
}
