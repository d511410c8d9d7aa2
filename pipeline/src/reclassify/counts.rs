//! The counts of a day.

use sqlx::{Connection, PgConnection};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::Result;

/// Makes a day's counts what its rows add up to. Returns how many were wrong.
pub(super) async fn correct(connection: &mut PgConnection, day: Date) -> Result<u64> {
    let corrected = add_what_is_missing(connection, day).await?;
    let set_back = set_back_last_clicks(connection, day).await?;
    Ok(corrected.max(set_back))
}

/// Adds to each count, or takes from it, what it differed by when this statement began. One
/// statement: it must see rows and counts in one snapshot. In the order in which workers lock
/// counts.
async fn add_what_is_missing(connection: &mut PgConnection, day: Date) -> Result<u64> {
    let corrected = sqlx::query!(
        "insert into link_clicks_hourly as hourly
             (link_id, hour, clicks, other_hits, last_clicked_at)
         select link_id, hour,
                coalesce(found.clicks, 0) - coalesce(counted.clicks, 0),
                coalesce(found.other_hits, 0) - coalesce(counted.other_hits, 0),
                found.last_clicked_at
         from count_hits(
             $1::date::timestamp at time zone 'UTC', ($1::date + 1)::timestamp at time zone 'UTC'
         ) as found
         full join (
             select * from link_clicks_hourly
             where hour >= $1::date::timestamp at time zone 'UTC'
               and hour < ($1::date + 1)::timestamp at time zone 'UTC'
         ) as counted using (link_id, hour)
         where coalesce(found.clicks, 0) <> coalesce(counted.clicks, 0)
            or coalesce(found.other_hits, 0) <> coalesce(counted.other_hits, 0)
            or found.last_clicked_at > coalesce(counted.last_clicked_at, '-infinity')
         order by link_id, hour
         on conflict (link_id, hour) do update
         set clicks = hourly.clicks + excluded.clicks,
             other_hits = hourly.other_hits + excluded.other_hits,
             last_clicked_at = greatest(hourly.last_clicked_at, excluded.last_clicked_at)",
        day
    )
    .execute(connection)
    .await?;
    Ok(corrected.rows_affected())
}

/// Sets back the last click where it was no click at all.
///
/// It cannot be subtracted like a count. So the counts in question are locked first, and the rows
/// are looked at then: a batch that has touched one of them is committed and seen, one that will
/// touch it waits, and puts its own clicks on top.
async fn set_back_last_clicks(connection: &mut PgConnection, day: Date) -> Result<u64> {
    let mut transaction = connection.begin().await?;
    let wrong = sqlx::query!(
        "select counted.link_id, counted.hour from link_clicks_hourly counted
         left join count_hits(
             $1::date::timestamp at time zone 'UTC', ($1::date + 1)::timestamp at time zone 'UTC'
         ) as found using (link_id, hour)
         where counted.hour >= $1::date::timestamp at time zone 'UTC'
           and counted.hour < ($1::date + 1)::timestamp at time zone 'UTC'
           and counted.last_clicked_at > coalesce(found.last_clicked_at, '-infinity')
         order by counted.link_id, counted.hour
         for update of counted",
        day
    )
    .fetch_all(&mut *transaction)
    .await?;
    if wrong.is_empty() {
        return Ok(0);
    }
    let links: Vec<Uuid> = wrong.iter().map(|row| row.link_id).collect();
    let hours: Vec<OffsetDateTime> = wrong.iter().map(|row| row.hour).collect();
    sqlx::query!(
        "update link_clicks_hourly counted set last_clicked_at = found.last_clicked_at
         from unnest($2::uuid[], $3::timestamptz[]) as wrong (link_id, hour)
         left join count_hits(
             $1::date::timestamp at time zone 'UTC', ($1::date + 1)::timestamp at time zone 'UTC'
         ) as found using (link_id, hour)
         where counted.link_id = wrong.link_id and counted.hour = wrong.hour",
        day,
        &links,
        &hours,
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(wrong.len() as u64)
}
