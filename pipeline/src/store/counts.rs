//! What proxies counted without rows: the tables `click_tallies` and `click_gaps`.

use contract::{BlockId, Count, Gap, Tally};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::storable;
use crate::Result;

/// Adds the counts of accepted blocks.
pub(super) async fn add(
    connection: &mut PgConnection,
    counts: &[(BlockId, Count)],
) -> Result<Vec<Tally>> {
    let mut tallies = Vec::new();
    for (block, count) in counts {
        match count {
            Count::Tally(tally) => tallies.push(*tally),
            // Rare, and mostly one at a time.
            Count::Gap(gap) => insert_gap(connection, *block, gap).await?,
        }
    }
    // Workers lock rows in one order, so two of them never wait for each other in a circle.
    tallies.sort_by_key(|tally| (tally.link_id, tally.minute));
    add_tallies(connection, &tallies).await?;
    Ok(tallies)
}

async fn add_tallies(connection: &mut PgConnection, tallies: &[Tally]) -> Result<()> {
    if tallies.is_empty() {
        return Ok(());
    }
    let links: Vec<Uuid> = tallies.iter().map(|tally| tally.link_id.0).collect();
    let minutes = tallies.iter().map(|tally| storable(tally.minute));
    let minutes: Vec<OffsetDateTime> = minutes.collect::<Result<_>>()?;
    let clicks: Vec<i64> = tallies.iter().map(|tally| tally.clicks.into()).collect();
    let other_hits: Vec<i64> = tallies
        .iter()
        .map(|tally| tally.other_hits.into())
        .collect();
    // Two proxies may have counted the same link and minute.
    sqlx::query!(
        "insert into click_tallies as tally (link_id, minute, clicks, other_hits)
         select link_id, minute, sum(clicks), sum(other_hits)
         from unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::bigint[])
             as new (link_id, minute, clicks, other_hits)
         group by link_id, minute order by link_id, minute
         on conflict (link_id, minute) do update
         set clicks = tally.clicks + excluded.clicks,
             other_hits = tally.other_hits + excluded.other_hits",
        &links,
        &minutes,
        &clicks,
        &other_hits,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_gap(connection: &mut PgConnection, block: BlockId, gap: &Gap) -> Result<()> {
    sqlx::query!(
        "insert into click_gaps (segment, block, from_at, until_at, hits)
         values ($1, $2, $3, $4, $5)",
        &block.segment.0,
        // Both fit: the intake refuses what does not.
        block.number as i64,
        storable(gap.from)?,
        storable(gap.until)?,
        gap.hits as i64,
    )
    .execute(connection)
    .await?;
    tracing::error!(
        hits = gap.hits,
        from = gap.from.as_micros(),
        until = gap.until.as_micros(),
        "a proxy had no room to count: hits are in no number of any link"
    );
    Ok(())
}
