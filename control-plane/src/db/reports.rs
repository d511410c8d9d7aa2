//! What visitors report.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Moment;
use crate::Result;

/// Open reports of one link. More tell nothing new, and anybody can send them.
const MAX_OPEN: i64 = 20;

/// A report that nobody has looked at.
#[derive(Debug)]
pub struct ReportRow {
    /// Identity.
    pub id: Uuid,
    /// Of which link.
    pub link_id: Uuid,
    /// The link's host.
    pub domain: String,
    /// The link's short part.
    pub code: String,
    /// `phishing`, `malware`, `spam` or `other`.
    pub reason: String,
    /// In the visitor's words.
    pub detail: Option<String>,
    /// When.
    pub reported_at: OffsetDateTime,
}

/// Keeps a report, unless the link has so many that another one tells nothing new.
pub async fn insert_report(
    pool: &PgPool,
    link_id: Uuid,
    workspace_id: Uuid,
    reason: &str,
    detail: Option<&str>,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into link_reports (id, link_id, workspace_id, reason, detail, reported_at)
         select $1, $2, $3, $4, $5, $6
         where (select count(*) from link_reports where link_id = $2 and closed_at is null) < $7",
        Uuid::now_v7(),
        link_id,
        workspace_id,
        reason,
        detail,
        now,
        MAX_OPEN,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Open reports of a workspace's links, newest first.
pub async fn open_reports(
    pool: &PgPool,
    workspace_id: Uuid,
    after: Option<&Moment>,
    limit: i64,
) -> Result<Vec<ReportRow>> {
    let reports = sqlx::query_as!(
        ReportRow,
        "select report.id, link_id, domain, code, reason, detail, reported_at
         from link_reports as report join links on links.id = link_id
         where report.workspace_id = $1 and closed_at is null
           and ($2::timestamptz is null or (reported_at, report.id) < ($2, $3::uuid))
         order by reported_at desc, report.id desc
         limit $4",
        workspace_id,
        after.map(|after| after.at),
        after.map(|after| after.id),
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(reports)
}

/// An open report of a link of any workspace.
#[derive(Debug)]
pub struct AnyReportRow {
    /// Identity.
    pub id: Uuid,
    /// Of which link.
    pub link_id: Uuid,
    /// The link's host.
    pub domain: String,
    /// The link's short part.
    pub code: String,
    /// Whether the link is taken down already.
    pub is_blocked: bool,
    /// What the workspace is called.
    pub workspace: String,
    /// `phishing`, `malware`, `spam` or `other`.
    pub reason: String,
    /// In the visitor's words.
    pub detail: Option<String>,
    /// When.
    pub reported_at: OffsetDateTime,
}

/// Open reports of all workspaces, newest first.
pub async fn all_open_reports(
    pool: &PgPool,
    after: Option<&Moment>,
    limit: i64,
) -> Result<Vec<AnyReportRow>> {
    let reports = sqlx::query_as!(
        AnyReportRow,
        "select report.id, link_id, domain, code, is_blocked, workspaces.name as workspace, reason,
                detail, reported_at
         from link_reports as report
         join links on links.id = link_id
         join workspaces on workspaces.id = report.workspace_id
         where closed_at is null
           and ($1::timestamptz is null or (reported_at, report.id) < ($1, $2::uuid))
         order by reported_at desc, report.id desc
         limit $3",
        after.map(|after| after.at),
        after.map(|after| after.id),
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(reports)
}

/// Whose link a report is about.
pub async fn workspace_of_report(connection: &mut PgConnection, id: Uuid) -> Result<Option<Uuid>> {
    let workspace = sqlx::query_scalar!("select workspace_id from link_reports where id = $1", id)
        .fetch_optional(connection)
        .await?;
    Ok(workspace)
}

/// A report that was just closed.
#[derive(Debug)]
pub struct ClosedReport {
    /// Of which link.
    pub link_id: Uuid,
    /// `phishing`, `malware`, `spam` or `other`.
    pub reason: String,
}

/// Closes a report; `None` if there is no such open one.
pub async fn close_report(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<ClosedReport>> {
    let closed = sqlx::query_as!(
        ClosedReport,
        "update link_reports set closed_at = $3
         where workspace_id = $1 and id = $2 and closed_at is null
         returning link_id, reason",
        workspace_id,
        id,
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(closed)
}
