//! Clicks per link and hour: the table `link_clicks_hourly`.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::storable;
use crate::Result;
use crate::rollup::HourlyCount;

/// Adds counts. They must be sorted, so that all workers lock rows in one order.
pub(super) async fn add(connection: &mut PgConnection, counts: &[HourlyCount]) -> Result<()> {
    let links: Vec<Uuid> = counts.iter().map(|count| count.link_id.0).collect();
    let hours = counts.iter().map(|count| storable(count.hour));
    let hours: Vec<OffsetDateTime> = hours.collect::<Result<_>>()?;
    let clicks: Vec<i64> = counts.iter().map(|count| count.clicks).collect();
    let other_hits: Vec<i64> = counts.iter().map(|count| count.other_hits).collect();
    let latest = counts.iter().map(|count| count.last_clicked_at);
    let latest = latest.map(|moment| moment.map(storable).transpose());
    let latest: Vec<Option<OffsetDateTime>> = latest.collect::<Result<_>>()?;
    sqlx::query!(
        "insert into link_clicks_hourly as hourly (link_id, hour, clicks, other_hits, last_clicked_at)
         select * from unnest(
             $1::uuid[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::timestamptz[]
         )
         on conflict (link_id, hour) do update
         set clicks = hourly.clicks + excluded.clicks,
             other_hits = hourly.other_hits + excluded.other_hits,
             last_clicked_at = greatest(hourly.last_clicked_at, excluded.last_clicked_at)",
        &links,
        &hours,
        &clicks,
        &other_hits,
        &latest as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
