//! Clicks of links, as lists are sorted by them.

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
    let clicked: Vec<Uuid> = totals.iter().map(|total| total.link_id).collect();
    let clicks: Vec<i64> = totals.iter().map(|total| total.clicks).collect();
    let last = totals.iter().map(|total| total.last_clicked_at);
    let last: Vec<OffsetDateTime> = last
        .map(|at| at.unwrap_or(OffsetDateTime::UNIX_EPOCH))
        .collect();
    sqlx::query!(
        "update link_totals
         set clicks = coalesce(new.clicks, 0),
             last_clicked_at = coalesce(new.last_clicked_at, 'epoch')
         from unnest($1::uuid[]) as asked (id)
         left join unnest($2::uuid[], $3::bigint[], $4::timestamptz[])
             as new (id, clicks, last_clicked_at) on new.id = asked.id
         where link_totals.link_id = asked.id
           and (link_totals.clicks, link_totals.last_clicked_at)
               is distinct from (coalesce(new.clicks, 0), coalesce(new.last_clicked_at, 'epoch'))",
        ids,
        &clicked,
        &clicks,
        &last,
    )
    .execute(connection)
    .await?;
    Ok(())
}
