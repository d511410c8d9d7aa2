//! How far each proxy has got, by its own report.

use contract::ProxyReport;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;

/// A proxy, and whether a certain change is in effect there.
#[derive(Debug)]
pub struct ProxyRow {
    /// This run of it.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// Whether it said that it has applied the change.
    pub has_applied: bool,
    /// Since when nothing was heard of it.
    pub silent_seconds: f64,
}

/// Takes a report, and forgets the proxies that need not be asked any more: those that serve
/// nothing by now, and those in whose place this one was started.
///
/// Not waited for until it is on disk: what a crash of the database loses is reported again
/// within a second.
pub async fn put_report(pool: &PgPool, report: &ProxyReport) -> Result<()> {
    let applied = i64::try_from(report.applied).unwrap_or(i64::MAX);
    let max_stale = i64::try_from(report.max_stale_seconds).unwrap_or(i64::MAX);
    let started_at = report.started_at.to_datetime();
    sqlx::query!(
        "with lazily as materialized (
             select set_config('synchronous_commit', 'off', true)
         ), forgotten as (
             delete from proxies
             where id <> $1 and (
                 extract(epoch from clock_timestamp() - last_seen_at) > max_stale_seconds
                 or name = $2 and started_at < $4 and last_seen_at < clock_timestamp() - interval '3 s'
             )
         )
         insert into proxies
             (id, name, version, started_at, epoch, applied, last_seen_at, max_stale_seconds)
         select $1, $2, $3, $4, $5, $6, clock_timestamp(), $7 from lazily
         on conflict (id) do update set
             epoch = excluded.epoch, applied = excluded.applied,
             last_seen_at = excluded.last_seen_at",
        report.id,
        report.name,
        report.version,
        started_at.unwrap_or(OffsetDateTime::UNIX_EPOCH),
        report.epoch,
        applied,
        max_stale,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Forgets a proxy that serves no more.
pub async fn forget_proxy(pool: &PgPool, id: Uuid) -> Result<()> {
    sqlx::query!("delete from proxies where id = $1", id)
        .execute(pool)
        .await?;
    Ok(())
}

/// What all proxies that may still serve something say of a change.
pub async fn reports(pool: &PgPool, seq: i64) -> Result<Vec<ProxyRow>> {
    let reports = sqlx::query_as!(
        ProxyRow,
        r#"select id, name,
               coalesce(proxies.epoch = head.epoch and applied >= $1, false) as "has_applied!",
               greatest(0, extract(epoch from clock_timestamp() - last_seen_at))::float8
                   as "silent_seconds!"
           from proxies, link_changes_head as head
           where extract(epoch from clock_timestamp() - last_seen_at) <= max_stale_seconds
           order by name, started_at"#,
        seq,
    )
    .fetch_all(pool)
    .await?;
    Ok(reports)
}
