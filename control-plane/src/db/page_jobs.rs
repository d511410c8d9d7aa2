//! Pages that links lead to: which are to be read, and what they say. Triggers of `links` put jobs
//! here, in the transaction that makes a link or changes its target.

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;
use crate::unfurl::TargetPage;

/// A page to read.
#[derive(Debug, Clone)]
pub struct PageJob {
    /// The link that leads there.
    pub link_id: Uuid,
    /// Where that is.
    pub original_url: String,
    /// Attempts, with this one.
    pub attempts: i16,
}

/// Takes pages that are to be read, the newest first, and counts the attempt. Until `lease_until`
/// nobody else does; if this process dies meanwhile, somebody does then.
pub async fn take_page_jobs(
    pool: &PgPool,
    now: OffsetDateTime,
    lease_until: OffsetDateTime,
    limit: i64,
) -> Result<Vec<PageJob>> {
    let jobs = sqlx::query_as!(
        PageJob,
        "with due as (
             select link_id from page_jobs
             where next_attempt_at <= $1
             order by next_attempt_at desc
             limit $3
             for update skip locked
         )
         update page_jobs j
         set next_attempt_at = $2, attempts = attempts + 1
         from due, links l
         where j.link_id = due.link_id and l.id = j.link_id
         returning j.link_id, l.original_url, j.attempts",
        now,
        lease_until,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(jobs)
}

/// Ends a job, with what its page says. If the link leads elsewhere by now, another job has taken this
/// one's place, and nothing happens.
///
/// No revision, no entry in a log: the edge does not know it, and the owner did nothing.
pub async fn end_page_job(
    connection: &mut PgConnection,
    job: &PageJob,
    page: Option<&TargetPage>,
) -> Result<()> {
    // First the link, then the job: as those who change targets.
    let leads_there = sqlx::query_scalar!(
        "update links set page = coalesce($3, page) where id = $1 and original_url = $2 returning id",
        job.link_id,
        job.original_url,
        page.map(Json) as _,
    )
    .fetch_optional(&mut *connection)
    .await?;
    if leads_there.is_some() {
        sqlx::query!(
            "delete from page_jobs where link_id = $1 and attempts = $2",
            job.link_id,
            job.attempts,
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Puts a job off, unless somebody else has it by now.
pub async fn put_off_page_job(
    pool: &PgPool,
    job: &PageJob,
    next_attempt_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update page_jobs set next_attempt_at = $4
         from links
         where link_id = $1 and attempts = $2 and links.id = link_id and original_url = $3",
        job.link_id,
        job.attempts,
        job.original_url,
        next_attempt_at,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Forgets all jobs, where nobody is to do them.
pub async fn delete_page_jobs(pool: &PgPool) -> Result<u64> {
    let deleted = sqlx::query!("delete from page_jobs").execute(pool).await?;
    Ok(deleted.rows_affected())
}
