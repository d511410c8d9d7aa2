//! Reading what the pipeline wrote.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Analytics;
use crate::Result;

/// Clicks of one link in one hour.
#[derive(Debug, Clone, Copy)]
pub struct HourRow {
    /// Beginning of the hour.
    pub hour: OffsetDateTime,
    /// Clicks in it.
    pub clicks: i64,
}

/// Clicks of one link since it was made.
#[derive(Debug, Clone, Copy)]
pub struct LinkTotals {
    /// Which link.
    pub link_id: Uuid,
    /// How many.
    pub clicks: i64,
    /// The newest.
    pub last_clicked_at: Option<OffsetDateTime>,
}

/// Totals of these links; links without a click are absent.
pub async fn link_totals(
    Analytics(pool): &Analytics,
    link_ids: &[Uuid],
) -> Result<Vec<LinkTotals>> {
    let totals = sqlx::query_as!(
        LinkTotals,
        r#"select link_id, sum(clicks)::bigint as "clicks!", max(last_clicked_at) as last_clicked_at
           from link_clicks_hourly where link_id = any($1) group by link_id"#,
        link_ids,
    )
    .fetch_all(pool)
    .await?;
    Ok(totals)
}

/// Hours with clicks in `from..to`, ascending; hours without are absent.
pub async fn clicks_by_hour(
    Analytics(pool): &Analytics,
    link_id: Uuid,
    from: OffsetDateTime,
    to: OffsetDateTime,
) -> Result<Vec<HourRow>> {
    let hours = sqlx::query_as!(
        HourRow,
        "select hour, clicks from link_clicks_hourly
         where link_id = $1 and hour >= $2 and hour < $3 order by hour",
        link_id,
        from,
        to,
    )
    .fetch_all(pool)
    .await?;
    Ok(hours)
}
