//! Whether the tables agree with each other: what blocks announce, what rows there are, and what
//! was counted.
//!
//! Everything is read in one snapshot, and batches are committed whole, so it is right at any
//! time, with pipelines at work.

use std::fmt;

use contract::LinkId;
use contract::user_agent::CLASSIFIER_VERSION;
use sqlx::{Connection, PgConnection, PgPool};
use time::{Date, OffsetDateTime};

use crate::Result;

/// Wrong counts of a day that are shown one by one.
const EXAMPLES: i64 = 3;

/// What was looked at, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Blocks counted.
    pub blocks: i64,
    /// Rows of clicks.
    pub rows: i64,
    /// Days with rows or counts.
    pub days: usize,
    /// What does not agree.
    pub findings: Vec<Finding>,
}

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Rows are missing, or there are too many.
    Rows {
        /// Clicks in the blocks that were counted.
        announced: i64,
        /// Rows of clicks.
        found: i64,
    },
    /// Counts of a day are not what its rows add up to.
    Day {
        /// Which day, in UTC.
        day: Date,
        /// How many counts, of a link in an hour, are wrong.
        wrong: i64,
        /// Some of them.
        examples: Vec<WrongCount>,
    },
    /// Clicks refer to user agents that are not there.
    UnknownAgents {
        /// How many clicks.
        clicks: i64,
    },
    /// User agents were labelled by another classifier than this build's.
    OtherClassifier {
        /// How many user agents.
        agents: i64,
    },
}

/// A count, and what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongCount {
    /// Which link.
    pub link_id: LinkId,
    /// Which hour.
    pub hour: OffsetDateTime,
    /// Clicks and other hits that were counted.
    pub counted: (i64, i64),
    /// Clicks and other hits that there are rows of.
    pub found: (i64, i64),
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows { announced, found } => write!(
                formatter,
                "the blocks that were counted hold {announced} clicks, but there are {found} rows"
            ),
            Self::Day {
                day,
                wrong,
                examples,
            } => {
                write!(formatter, "{day}: wrong counts: {wrong}")?;
                for (index, example) in examples.iter().enumerate() {
                    let separator = if index == 0 { ", such as: " } else { "; " };
                    write!(formatter, "{separator}{example}")?;
                }
                Ok(())
            }
            Self::UnknownAgents { clicks } => {
                write!(
                    formatter,
                    "{clicks} clicks refer to a user agent that is not there"
                )
            }
            Self::OtherClassifier { agents } => write!(
                formatter,
                "{agents} user agents were labelled by another release's classifier"
            ),
        }
    }
}

impl fmt::Display for WrongCount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            link_id,
            hour,
            counted,
            found,
        } = self;
        write!(
            formatter,
            "{link_id} at {:02}:00 has {} clicks and {} other hits, its rows are {} and {}",
            hour.hour(),
            counted.0,
            counted.1,
            found.0,
            found.1
        )?;
        if counted == found {
            formatter.write_str(", and another last click")?;
        }
        Ok(())
    }
}

/// Compares everything with everything. Reads all rows of clicks twice.
///
/// # Errors
/// When the database cannot be read. That something is wrong is no error, but a [`Finding`].
pub async fn audit(pool: &PgPool) -> Result<Audit> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    // Runtime SQL: no macro needs to understand this.
    sqlx::query("set transaction isolation level repeatable read, read only")
        .execute(&mut *transaction)
        .await?;
    let blocks = sqlx::query!(
        r#"select count(*) as "blocks!", coalesce(sum(clicks), 0)::bigint as "clicks!"
           from ingested_blocks"#
    )
    .fetch_one(&mut *transaction)
    .await?;
    let rows = sqlx::query!(
        r#"select count(*) as "rows!",
                  count(*) filter (
                      where user_agent_id is not null and not exists (
                          select from user_agents where id = user_agent_id
                      )
                  ) as "unknown!"
           from clicks"#
    )
    .fetch_one(&mut *transaction)
    .await?;
    let other_classifier = sqlx::query_scalar!(
        r#"select count(*) as "agents!" from user_agents where classifier_version <> $1"#,
        CLASSIFIER_VERSION
    )
    .fetch_one(&mut *transaction)
    .await?;

    let mut findings = Vec::new();
    if blocks.clicks != rows.rows {
        findings.push(Finding::Rows {
            announced: blocks.clicks,
            found: rows.rows,
        });
    }
    let days = days(&mut transaction).await?;
    for day in &days {
        findings.extend(compare(&mut transaction, *day).await?);
    }
    if rows.unknown > 0 {
        let clicks = rows.unknown;
        findings.push(Finding::UnknownAgents { clicks });
    }
    if other_classifier > 0 {
        let agents = other_classifier;
        findings.push(Finding::OtherClassifier { agents });
    }
    transaction.rollback().await?;
    Ok(Audit {
        blocks: blocks.blocks,
        rows: rows.rows,
        days: days.len(),
        findings,
    })
}

/// UTC days with rows or counts, ascending.
async fn days(connection: &mut PgConnection) -> Result<Vec<Date>> {
    let days = sqlx::query_scalar!(
        r#"select (clicked_at at time zone 'UTC')::date as "day!" from clicks group by 1
           union select (hour at time zone 'UTC')::date from link_clicks_hourly
           order by 1"#
    );
    Ok(days.fetch_all(connection).await?)
}

/// The counts of a day beside what its rows add up to.
async fn compare(connection: &mut PgConnection, day: Date) -> Result<Option<Finding>> {
    let rows = sqlx::query!(
        r#"select link_id as "link_id!", hour as "hour!",
                  coalesce(counted.clicks, 0) as "counted_clicks!",
                  coalesce(counted.other_hits, 0) as "counted_other_hits!",
                  coalesce(found.clicks, 0) as "found_clicks!",
                  coalesce(found.other_hits, 0) as "found_other_hits!",
                  count(*) over () as "wrong!"
           from count_hits(
               $1::date::timestamp at time zone 'UTC',
               ($1::date + 1)::timestamp at time zone 'UTC'
           ) as found
           full join (
               select * from link_clicks_hourly
               where hour >= $1::date::timestamp at time zone 'UTC'
                 and hour < ($1::date + 1)::timestamp at time zone 'UTC'
           ) as counted using (link_id, hour)
           where coalesce(found.clicks, 0) <> coalesce(counted.clicks, 0)
              or coalesce(found.other_hits, 0) <> coalesce(counted.other_hits, 0)
              or found.last_clicked_at is distinct from counted.last_clicked_at
           order by link_id, hour limit $2"#,
        day,
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let wrong = first.wrong;
    let examples = rows.into_iter().map(|row| WrongCount {
        link_id: LinkId(row.link_id),
        hour: row.hour,
        counted: (row.counted_clicks, row.counted_other_hits),
        found: (row.found_clicks, row.found_other_hits),
    });
    Ok(Some(Finding::Day {
        day,
        wrong,
        examples: examples.collect(),
    }))
}
