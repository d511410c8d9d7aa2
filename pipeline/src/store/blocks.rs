//! Which blocks are new: the table `ingested_blocks`.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Block, BlockId, SegmentId};
use sqlx::PgConnection;

use crate::{Error, Result};

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Counted now.
    Accepted,
    /// Counted before; this one was sent or delivered again.
    Duplicate,
    /// The name is known with other content, of this CRC. Not counted, and nobody knows which of
    /// the two is right.
    Conflict {
        /// CRC of the block that was counted.
        counted: u32,
    },
}

/// Enters the names that are new, and says of every block of the batch what became of it.
///
/// A batch may have a name twice: then the first one is the candidate. Names are entered in
/// ascending order by every worker, so two of them never wait for each other in a circle.
pub(super) async fn accept(
    connection: &mut PgConnection,
    blocks: &[&Block],
) -> Result<Vec<Outcome>> {
    let mut candidates: BTreeMap<BlockId, &Block> = BTreeMap::new();
    for block in blocks {
        candidates.entry(block.id).or_insert(block);
    }
    let mut new = enter(connection, candidates.values().copied()).await?;
    let mut counted: BTreeMap<BlockId, u32> = BTreeMap::new();
    candidates.retain(|id, block| {
        let is_new = new.contains(id);
        if is_new {
            counted.insert(*id, block.crc);
        }
        !is_new
    });
    counted.extend(known(connection, candidates.values().copied()).await?);

    let outcome = |block: &&Block| {
        if new.remove(&block.id) {
            return Ok(Outcome::Accepted);
        }
        match counted.get(&block.id) {
            Some(&crc) if crc == block.crc => Ok(Outcome::Duplicate),
            Some(&counted) => Ok(Outcome::Conflict { counted }),
            // Removed between the two statements. The next try finds the name free.
            None => Err(Error::Database(sqlx::Error::RowNotFound)),
        }
    };
    blocks.iter().map(outcome).collect()
}

/// Enters names and returns those that were new. Waits for another worker that is just about to
/// enter one of them.
async fn enter<'b>(
    connection: &mut PgConnection,
    blocks: impl Iterator<Item = &'b Block>,
) -> Result<BTreeSet<BlockId>> {
    let columns = Columns::of(blocks);
    let entered = sqlx::query!(
        "insert into ingested_blocks (segment, block, clicks, crc)
         select * from unnest($1::bytea[], $2::bigint[], $3::integer[], $4::bigint[])
         on conflict do nothing
         returning segment, block",
        &columns.segments as _,
        &columns.numbers,
        &columns.clicks,
        &columns.crcs,
    )
    .fetch_all(connection)
    .await?;
    let id = entered
        .into_iter()
        .map(|row| block_id(row.segment, row.block));
    id.collect()
}

/// The CRCs under which names were counted.
async fn known<'b>(
    connection: &mut PgConnection,
    blocks: impl Iterator<Item = &'b Block>,
) -> Result<Vec<(BlockId, u32)>> {
    let columns = Columns::of(blocks);
    if columns.numbers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        "select segment, block, crc from ingested_blocks
         join unnest($1::bytea[], $2::bigint[]) as wanted (segment, block) using (segment, block)",
        &columns.segments as _,
        &columns.numbers,
    )
    .fetch_all(connection)
    .await?;
    let counted = |row: (Vec<u8>, i64, i64)| Ok((block_id(row.0, row.1)?, row.2 as u32));
    let rows = rows
        .into_iter()
        .map(|row| (row.segment, row.block, row.crc));
    rows.map(counted).collect()
}

/// Blocks as the columns that `unnest` takes.
#[derive(Default)]
struct Columns<'b> {
    segments: Vec<&'b [u8]>,
    numbers: Vec<i64>,
    clicks: Vec<i32>,
    crcs: Vec<i64>,
}

impl<'b> Columns<'b> {
    fn of(blocks: impl Iterator<Item = &'b Block>) -> Self {
        let mut columns = Self::default();
        for block in blocks {
            columns.segments.push(&block.id.segment.0);
            // Both fit: the intake refuses larger numbers, and a click takes more than a byte.
            columns.numbers.push(block.id.number as i64);
            columns.clicks.push(block.click_count() as i32);
            columns.crcs.push(block.crc.into());
        }
        columns
    }
}

fn block_id(segment: Vec<u8>, number: i64) -> Result<BlockId> {
    let segment = segment.try_into().map_err(|_| {
        let reason = "a segment in ingested_blocks does not have 16 bytes";
        Error::Database(sqlx::Error::Decode(reason.into()))
    })?;
    Ok(BlockId {
        segment: SegmentId(segment),
        number: number as u64,
    })
}
