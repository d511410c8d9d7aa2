//! What a whole workspace is read from, and what there must not be before it is restored.

use std::collections::HashSet;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::LinkRow;
use super::select_link::select_link;
use crate::Result;

/// The next links of a workspace in the order in which they were made, those in the bin among them. Each has
/// one place in that order, wherever it goes meanwhile.
pub async fn links_to_export(
    pool: &PgPool,
    workspace_id: Uuid,
    after: Option<(OffsetDateTime, Uuid)>,
    limit: i64,
) -> Result<Vec<LinkRow>> {
    let links = select_link!(
        "from links
         where id in (
             select id from (
                 (select id, created_at from links
                  where workspace_id = $1 and deleted_at is null
                    and ($2::timestamptz is null or (created_at, id) > ($2, $3))
                  order by created_at, id limit $4)
                 union all
                 (select id, created_at from links
                  where workspace_id = $1 and deleted_at is not null
                    and ($2::timestamptz is null or (created_at, id) > ($2, $3))
                  order by created_at, id limit $4)
             ) as both_kinds
             order by created_at, id limit $4
         )
         order by created_at, id",
        workspace_id,
        after.map(|(created_at, _)| created_at),
        after.map(|(_, id)| id),
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(links)
}

/// Whether a workspace has links, those in the bin included.
pub async fn workspace_has_links(
    connection: &mut PgConnection,
    workspace_id: Uuid,
) -> Result<bool> {
    let has = sqlx::query_scalar!(
        r#"select exists (select from links where workspace_id = $1) as "has!""#,
        workspace_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(has)
}

/// Which of these are links, whosever.
pub async fn taken_ids(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
    let taken = sqlx::query_scalar!("select id from links where id = any($1)", ids)
        .fetch_all(connection)
        .await?;
    Ok(taken.into_iter().collect())
}
