//! Labels the past anew: every user agent by the classifier of this build, and then the counts by
//! the labels. Pipelines may go on working meanwhile.
//!
//! Why the counts are right at the end:
//!
//! 1. Rows and counts of a batch are written in one transaction, so each snapshot has both or
//!    neither. The difference between what rows add up to and what was counted, taken in *one*
//!    snapshot, is thereby just the error in it.
//! 2. Errors come from labels that were changed after they were counted by. All labels are changed
//!    first, below a lock that waits for every batch that was counted by older ones: see
//!    `store::agents`. So whatever comes after the snapshot is counted by the new labels, has no
//!    error, and must not be touched.
//! 3. The error is *subtracted* from the count, whatever that is by then, as batches add to it.
//!
//! Whoever kills it in the middle leaves days that are right and days that are as they were; the
//! next run corrects the rest.

mod counts;
mod labels;
mod move_texts;

use contract::user_agent::CLASSIFIER_VERSION;
use sqlx::{Connection, PgConnection, PgPool};
use time::Date;

use crate::{Error, Result};

/// "lprecl": there is no sense in two at the same time, and each would correct the same errors.
const LOCK: i64 = 0x6c70_7265_636c;

/// What has been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// User agents are labelled by this build's classifier.
    Labelled {
        /// How many there are.
        agents: u64,
        /// How many were called something else before.
        changed: u64,
    },
    /// The counts of a day are right.
    Counted {
        /// Which day, in UTC.
        day: Date,
        /// Position in the list of days, from 1.
        position: usize,
        /// Length of that list.
        of: usize,
        /// Counts of one link in one hour that were wrong.
        corrected: u64,
    },
}

/// Labels all user agents and corrects the counts of all days that have rows, or of those from
/// `since` on. A day whose rows are gone keeps its counts.
///
/// # Errors
/// [`Error::AlreadyRunning`]; [`Error::LabelsAreNewer`] if a newer release was here before; and
/// whatever the database says. What was reported as progress stays.
pub async fn reclassify(
    pool: &PgPool,
    since: Option<Date>,
    mut report: impl FnMut(Progress),
) -> Result<()> {
    let mut connection = connect(pool).await?;
    let newest = sqlx::query_scalar!("select max(classifier_version) from user_agents")
        .fetch_one(&mut connection)
        .await?;
    if newest.is_some_and(|newest| newest > CLASSIFIER_VERSION) {
        return Err(Error::LabelsAreNewer);
    }
    let days = days(&mut connection, since).await?;
    let (agents, changed) = labels::relabel(&mut connection).await?;
    report(Progress::Labelled { agents, changed });
    for (index, day) in days.iter().enumerate() {
        move_texts::move_texts(&mut connection, *day).await?;
        let corrected = counts::correct(&mut connection, *day).await?;
        report(Progress::Counted {
            day: *day,
            position: index + 1,
            of: days.len(),
            corrected,
        });
    }
    connection.close().await?;
    Ok(())
}

/// A connection that holds the lock for as long as it lives.
async fn connect(pool: &PgPool) -> Result<PgConnection> {
    let options = (*pool.connect_options()).clone().options([
        ("timezone", "UTC"),
        ("default_transaction_isolation", "read committed"),
    ]);
    let mut connection = PgConnection::connect_with(&options).await?;
    let is_ours = sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "is_ours!""#, LOCK)
        .fetch_one(&mut connection)
        .await?;
    if is_ours {
        Ok(connection)
    } else {
        Err(Error::AlreadyRunning("reclassify"))
    }
}

/// UTC days that have rows, ascending.
async fn days(connection: &mut PgConnection, since: Option<Date>) -> Result<Vec<Date>> {
    let days = sqlx::query_scalar!(
        r#"select distinct (clicked_at at time zone 'UTC')::date as "day!" from clicks
           where clicked_at >= coalesce($1::date::timestamp at time zone 'UTC', '-infinity')
           order by 1"#,
        since
    )
    .fetch_all(connection)
    .await?;
    Ok(days)
}
