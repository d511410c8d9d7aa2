//! Tags of links, and how many links have each.

use sqlx::PgPool;
use uuid::Uuid;

use super::patterns::begins_pattern;
use crate::Result;

/// Changes that are added up in one statement.
const BATCH: i64 = 10_000;

/// A tag.
#[derive(Debug)]
pub struct TagRow {
    /// In lower case.
    pub tag: String,
    /// How many links outside the bin have it.
    pub links: i64,
}

/// Tags of a workspace that begin with a text, in their order, after one of them.
pub async fn list_tags(
    pool: &PgPool,
    workspace_id: Uuid,
    beginning: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<TagRow>> {
    let tags = sqlx::query_as!(
        TagRow,
        "select tag, links from link_tags
         where workspace_id = $1 and links > 0
           and ($2::text is null or tag like $2)
           and ($3::text is null or tag > $3)
         order by tag
         limit $4",
        workspace_id,
        beginning.map(begins_pattern),
        after,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(tags)
}

/// Adds up what has changed, and forgets tags that no link has. True if there may be more.
///
/// Several processes may do it at once: each takes changes that no other has, and all write counts in
/// one order.
pub async fn add_up_tags(pool: &PgPool) -> Result<bool> {
    let taken = sqlx::query_scalar!(
        r#"with taken as (
               delete from link_tag_changes
               where id in (select id from link_tag_changes order by id limit $1
                            for update skip locked)
               returning workspace_id, tag, change
           ),
           summed as (
               select workspace_id, tag, sum(change)::bigint as change
               from taken
               group by workspace_id, tag
           ),
           counted as (
               insert into link_tags (workspace_id, tag, links)
               select workspace_id, tag, change from summed where change <> 0
               order by workspace_id, tag
               on conflict (workspace_id, tag) do update
               set links = link_tags.links + excluded.links
           )
           select count(*) as "count!" from taken"#,
        BATCH,
    )
    .fetch_one(pool)
    .await?;
    if taken > 0 {
        sqlx::query!("delete from link_tags where links = 0")
            .execute(pool)
            .await?;
    }
    Ok(taken == BATCH)
}
