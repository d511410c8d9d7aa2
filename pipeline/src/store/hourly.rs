//! Clicks per link and hour: the table `link_clicks_hourly`.

use contract::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;
use crate::intake::unstorable;
use crate::rollup::HourlyCount;

/// Adds counts. They must be sorted, so that all workers lock rows in one order.
pub(super) async fn add(connection: &mut PgConnection, counts: &[HourlyCount]) -> Result<()> {
    let links: Vec<Uuid> = counts.iter().map(|count| count.link_id.0).collect();
    let hours = moments(counts.iter().map(|count| count.hour))?;
    let clicks: Vec<i64> = counts.iter().map(|count| count.clicks).collect();
    let latest = moments(counts.iter().map(|count| count.last_clicked_at))?;
    sqlx::query!(
        "insert into link_clicks_hourly as hourly (link_id, hour, clicks, last_clicked_at)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::timestamptz[])
         on conflict (link_id, hour) do update
         set clicks = hourly.clicks + excluded.clicks,
             last_clicked_at = greatest(hourly.last_clicked_at, excluded.last_clicked_at)",
        &links,
        &hours,
        &clicks,
        &latest,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn moments(moments: impl Iterator<Item = Timestamp>) -> Result<Vec<OffsetDateTime>> {
    let moment = |moment: Timestamp| Ok(moment.to_datetime().ok_or_else(|| unstorable(moment))?);
    moments.map(moment).collect()
}
