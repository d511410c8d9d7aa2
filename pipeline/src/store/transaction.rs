//! The one transaction in which a batch becomes rows and counts.

use contract::{Block, Click};
use sqlx::{Connection, PgConnection};

use super::agents::Labels;
use super::blocks::{self, Outcome};
use super::{hourly, rows};
use crate::{Result, rollup};

/// A block and what is in it.
pub(super) struct Reading<'b> {
    pub(super) block: &'b Block,
    pub(super) clicks: Vec<Click<'b>>,
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
    let accepted = readings.iter().zip(&outcomes).filter_map(accepted);
    let clicks: Vec<&Click<'_>> = accepted
        .flat_map(|reading: &Reading<'_>| &reading.clicks)
        .collect();
    if !clicks.is_empty() {
        let hits = labels.label(&mut transaction, &clicks).await?;
        rows::insert(&mut transaction, &hits).await?;
        hourly::add(&mut transaction, &rollup::hourly(&hits)).await?;
    }
    transaction.commit().await?;
    Ok(outcomes)
}
