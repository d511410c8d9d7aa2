//! What was set aside, for people to look at.

use contract::{Block, DecodeError};
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::entry::Entry;
use crate::{Result, intake};

/// A dead letter, without what is in it.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The stream it was in.
    pub stream: String,
    /// Its id there.
    pub stream_id: String,
    /// Why it could not be counted.
    pub reason: String,
    /// How often it was tried.
    pub deliveries: i64,
    /// When it was set aside.
    pub first_seen: OffsetDateTime,
    /// When it was set aside again, after having been sent back.
    pub last_seen: OffsetDateTime,
    /// Its size, names of fields included.
    pub bytes: i64,
}

/// A whole dead letter.
#[derive(Debug, Clone)]
pub struct Letter {
    /// What the list says of it.
    pub summary: Summary,
    pub(super) entry: Entry,
}

impl Letter {
    /// All of them, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list(pool: &PgPool) -> Result<Vec<Summary>> {
        let letters = sqlx::query_as!(
            Summary,
            r#"select stream, stream_id, reason, deliveries, first_seen, last_seen,
                      (select coalesce(sum(length(field)), 0) from unnest(fields) field) as "bytes!"
               from dead_letters order by first_seen, stream, stream_id"#
        );
        Ok(letters.fetch_all(pool).await?)
    }

    /// One of them; `None` if it is not there, or no longer.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find(pool: &PgPool, stream: &str, stream_id: &str) -> Result<Option<Letter>> {
        let row = sqlx::query!(
            "select reason, deliveries, first_seen, last_seen, fields from dead_letters
             where stream = $1 and stream_id = $2",
            stream,
            stream_id,
        )
        .fetch_optional(pool)
        .await?;
        Ok(row.map(|row| Letter {
            summary: Summary {
                stream: stream.to_owned(),
                stream_id: stream_id.to_owned(),
                reason: row.reason,
                deliveries: row.deliveries,
                first_seen: row.first_seen,
                last_seen: row.last_seen,
                bytes: row.fields.iter().map(|field| field.len() as i64).sum(),
            },
            entry: Entry {
                id: stream_id.to_owned(),
                fields: Some(row.fields),
            },
        }))
    }

    /// Names and values, as they were in the stream.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let (pairs, _) = self.entry.fields.as_deref().unwrap_or_default().as_chunks();
        pairs
            .iter()
            .map(|[name, value]| (name.as_slice(), value.as_slice()))
    }

    /// The block inside, if this release can count it.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn block(&self) -> Result<Block, DecodeError> {
        intake::read(&self.entry)
    }

    /// Removes it.
    pub(super) async fn remove(&self, pool: &PgPool) -> Result<()> {
        sqlx::query!(
            "delete from dead_letters where stream = $1 and stream_id = $2",
            self.summary.stream,
            self.summary.stream_id,
        )
        .execute(pool)
        .await?;
        Ok(())
    }
}
