//! The one transaction in which a batch becomes rows and counts.

use contract::{Block, Click, Count};
use sqlx::{Connection, PgConnection};

use super::agents::Labels;
use super::blocks::{self, Outcome};
use super::{counts, hourly, rows};
use crate::{Result, rollup};

/// A block and what is in it.
pub(super) struct Reading<'b> {
    pub(super) block: &'b Block,
    pub(super) clicks: Vec<Click<'b>>,
    pub(super) counts: Vec<Count>,
}

/// Writes what is new in a batch, all of it or nothing: names of blocks, user agents, rows, counts.
/// One outcome per block.
///
/// On an error, or when the answer to the commit gets lost, the same batch is simply written
/// again: names that were committed are duplicates then.
pub(super) async fn write(
    connection: &mut PgConnection,
    labels: &mut Labels,
    readings: &[Reading<'_>],
) -> Result<Vec<Outcome>> {
    let blocks: Vec<&Block> = readings.iter().map(|reading| reading.block).collect();
    let mut transaction = connection.begin().await?;
    let outcomes = blocks::accept(&mut transaction, &blocks).await?;
    let accepted =
        |(reading, outcome): (_, &Outcome)| matches!(outcome, Outcome::Accepted).then_some(reading);
    let accepted: Vec<&Reading<'_>> = readings
        .iter()
        .zip(&outcomes)
        .filter_map(accepted)
        .collect();
    let clicks = accepted.iter().flat_map(|reading| &reading.clicks);
    let clicks: Vec<&Click<'_>> = clicks.collect();
    let hits = match clicks.is_empty() {
        true => Vec::new(),
        false => labels.label(&mut transaction, &clicks).await?,
    };
    if !hits.is_empty() {
        rows::insert(&mut transaction, &hits).await?;
    }
    let new = accepted.iter().flat_map(|reading| {
        let id = reading.block.id;
        reading.counts.iter().map(move |count| (id, *count))
    });
    let tallies = counts::add(&mut transaction, &new.collect::<Vec<_>>()).await?;
    let hourly = rollup::hourly(&hits, &tallies);
    if !hourly.is_empty() {
        hourly::add(&mut transaction, &hourly).await?;
    }
    transaction.commit().await?;
    Ok(outcomes)
}
