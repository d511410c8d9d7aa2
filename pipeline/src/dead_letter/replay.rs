//! The way back into the stream.

use std::time::Duration;

use contract::{Block, DecodeError};
use redis::aio::MultiplexedConnection;
use redis::cmd;
use sqlx::PgPool;
use tokio::time::Instant;

use super::Letter;
use crate::{Error, Result};

/// Between two looks at whether it was counted.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// What became of a letter.
#[derive(Debug)]
pub enum Fate {
    /// It was sent, and counted: it is no dead letter any more.
    Counted {
        /// Clicks in it.
        clicks: u32,
    },
    /// It had been counted in some other way, so that it was only removed.
    CountedBefore,
    /// It is in the stream, and no pipeline has counted it yet. It stays a dead letter, since Redis
    /// may lose it; to replay it again is harmless.
    Sent,
    /// This release cannot count it either. It stays.
    Unreadable(DecodeError),
    /// Another block of that name has been counted. It stays.
    Conflict,
}

/// Sends a letter back, and removes it when it has been counted. Not before: proxies have been told
/// that they need not keep the block, so that there is no other copy of it on any disk.
///
/// Whatever crashes in between: the block is known by its name and counted once.
///
/// # Errors
/// [`Error::NoSuchStream`], and what Redis or the database say. The letter stays then.
pub async fn replay(
    pool: &PgPool,
    redis: &mut MultiplexedConnection,
    letter: &Letter,
    patience: Duration,
) -> Result<Fate> {
    let block = match letter.block() {
        Ok(block) => block,
        Err(reason) => return Ok(Fate::Unreadable(reason)),
    };
    match counted_crc(pool, &block).await? {
        Some(crc) if crc == i64::from(block.crc) => {
            letter.remove(pool).await?;
            return Ok(Fate::CountedBefore);
        }
        Some(_) => return Ok(Fate::Conflict),
        None => {}
    }
    send(redis, letter).await?;
    let deadline = Instant::now() + patience;
    loop {
        if counted_crc(pool, &block).await? == Some(block.crc.into()) {
            letter.remove(pool).await?;
            let clicks = block.click_count();
            return Ok(Fate::Counted { clicks });
        }
        if Instant::now() >= deadline {
            return Ok(Fate::Sent);
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// The CRC of the block that was counted under this name.
async fn counted_crc(pool: &PgPool, block: &Block) -> Result<Option<i64>> {
    let crc = sqlx::query_scalar!(
        "select crc from ingested_blocks where segment = $1 and block = $2",
        &block.id.segment.0[..],
        block.id.number as i64,
    );
    Ok(crc.fetch_optional(pool).await?)
}

/// Adds the entry, byte for byte as it was. Never to a stream that is not there: a stream of a
/// wrong name, or in a wrong Redis, is one that nobody reads.
async fn send(redis: &mut MultiplexedConnection, letter: &Letter) -> Result<()> {
    let stream = &letter.summary.stream;
    let mut add = cmd("XADD");
    add.arg(&[stream, "NOMKSTREAM", "*"]);
    for (name, value) in letter.fields() {
        add.arg(name).arg(value);
    }
    let id: Option<String> = add.query_async(redis).await?;
    match id {
        Some(_) => Ok(()),
        None => Err(Error::NoSuchStream(stream.clone())),
    }
}
