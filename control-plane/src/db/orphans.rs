//! Hits on codes that do not exist, as the pipeline wrote them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Analytics;
use super::patterns::contains_pattern;
use crate::Result;

/// A code that was asked for.
#[derive(Debug)]
pub struct OrphanRow {
    /// Host.
    pub domain: String,
    /// What stood where codes stand.
    pub code: String,
    /// How often it was asked for.
    pub hits: i64,
    /// The first time within what was looked at.
    pub first_seen_at: OffsetDateTime,
    /// The last time.
    pub last_seen_at: OffsetDateTime,
}

/// Where a page begins: after this code.
#[derive(Debug, Serialize, Deserialize)]
pub struct OrphanPosition {
    /// How often it was asked for when the page before was read.
    pub hits: i64,
    /// Host.
    pub domain: String,
    /// Code.
    pub code: String,
}

/// What was asked for on these domains since a moment, what was asked for most first.
pub async fn list_orphans(
    Analytics(pool): &Analytics,
    domains: &[String],
    since: OffsetDateTime,
    search: Option<&str>,
    after: Option<&OrphanPosition>,
    limit: i64,
) -> Result<Vec<OrphanRow>> {
    let orphans = sqlx::query_as!(
        OrphanRow,
        r#"select domain, code, count(*) as "hits!", min(clicked_at) as "first_seen_at!",
                  max(clicked_at) as "last_seen_at!"
           from clicks
           where link_id is null and domain = any($1) and clicked_at >= $2
             and ($3::text is null or code ilike $3)
           group by domain, code
           having $4::bigint is null
               or count(*) < $4
               or (count(*) = $4 and (domain, code) > ($5::text, $6::text))
           order by count(*) desc, domain, code
           limit $7"#,
        domains,
        since,
        search.map(contains_pattern),
        after.map(|position| position.hits),
        after.map(|position| position.domain.as_str()),
        after.map(|position| position.code.as_str()),
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(orphans)
}
