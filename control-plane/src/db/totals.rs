//! Clicks of links, as lists are sorted by them.

use std::collections::HashMap;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Analytics, LinkTotals};
use crate::Result;

/// Number under which the totals are locked: "tota" in ASCII.
const TOTALS_LOCK: i64 = 0x746f_7461;

/// Whether nobody else is setting totals; nobody will until the end of the transaction.
pub async fn try_lock_totals(connection: &mut PgConnection) -> Result<bool> {
    let is_ours = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock($1) as "is_ours!""#,
        TOTALS_LOCK,
    )
    .fetch_one(connection)
    .await?;
    Ok(is_ours)
}

/// Links that were clicked after a moment, and when.
pub async fn clicked_since(
    Analytics(pool): &Analytics,
    since: OffsetDateTime,
) -> Result<Vec<(Uuid, OffsetDateTime)>> {
    let rows = sqlx::query!(
        r#"select link_id, last_clicked_at as "last_clicked_at!" from link_clicks_hourly
         where hour >= date_trunc('hour', $1::timestamptz) and last_clicked_at > $1"#,
        since,
    )
    .fetch_all(pool)
    .await?;
    let clicked = rows
        .into_iter()
        .map(|row| (row.link_id, row.last_clicked_at));
    Ok(clicked.collect())
}

/// The next links in the order of their ids.
pub async fn links_after(
    connection: &mut PgConnection,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        "select link_id from link_totals where link_id > $1 order by link_id limit $2",
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids)
}

/// Sets what these links have; those without a click are not among `totals`. Links that are as they
/// were are not written.
pub async fn set_totals(
    connection: &mut PgConnection,
    ids: &[Uuid],
    totals: &[LinkTotals],
) -> Result<()> {
    let clicked: HashMap<Uuid, LinkTotals> =
        totals.iter().map(|total| (total.link_id, *total)).collect();
    let clicks = ids
        .iter()
        .map(|id| clicked.get(id).map_or(0, |total| total.clicks));
    let clicks: Vec<i64> = clicks.collect();
    let last = ids.iter().map(|id| clicked.get(id)?.last_clicked_at);
    let last: Vec<OffsetDateTime> = last
        .map(|at| at.unwrap_or(OffsetDateTime::UNIX_EPOCH))
        .collect();
    // Rows are locked in one order, as by whoever changes their texts: else two could wait for each
    // other.
    sqlx::query!(
        "with changed as (
             select link_id, new.clicks, new.last_clicked_at
             from link_totals
             join unnest($1::uuid[], $2::bigint[], $3::timestamptz[])
                 as new (id, clicks, last_clicked_at) on new.id = link_id
             where (link_totals.clicks, link_totals.last_clicked_at)
                   is distinct from (new.clicks, new.last_clicked_at)
             order by link_id
             for update of link_totals
         )
         update link_totals
         set clicks = changed.clicks, last_clicked_at = changed.last_clicked_at
         from changed
         where link_totals.link_id = changed.link_id",
        ids,
        &clicks,
        &last,
    )
    .execute(connection)
    .await?;
    Ok(())
}
