use contract::LinkId;
use serde_json::json;
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::audit::{COMMAND_LINE, Deed};
use crate::db::{self, AnyReportRow, Moment};
use crate::error::Result;
use crate::routes::reports::ReportId;

/// Reports that are read at once.
const PAGE: i64 = 500;

/// A part of all open reports.
#[derive(Debug)]
pub struct ReportPage {
    /// Newest first, each with its id as people see it.
    pub reports: Vec<(String, AnyReportRow)>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Moment>,
}

/// What visitors report of links of all workspaces, and nobody has closed.
///
/// # Errors
/// When the database cannot be reached.
pub async fn open_reports(pool: &PgPool, after: Option<&Moment>) -> Result<ReportPage> {
    let rows = db::all_open_reports(pool, after, PAGE).await?;
    let is_full = rows.len() as i64 == PAGE;
    let last = rows.last().filter(|_| is_full);
    Ok(ReportPage {
        next: last.map(|last| Moment {
            at: last.reported_at,
            id: last.id,
        }),
        reports: rows
            .into_iter()
            .map(|row| (ReportId(row.id).to_string(), row))
            .collect(),
    })
}

/// Closes a report, of whichever workspace; false when there is no such open one.
///
/// # Errors
/// When the database cannot be reached.
pub async fn close_report(pool: &PgPool, id: &str, now: OffsetDateTime) -> Result<bool> {
    let Ok(id) = id.parse::<ReportId>() else {
        return Ok(false);
    };
    let mut transaction = db::begin(pool).await?;
    let Some(workspace_id) = db::workspace_of_report(&mut transaction, id.0).await? else {
        return Ok(false);
    };
    let closed = db::close_report(&mut transaction, workspace_id, id.0, now).await?;
    let Some(closed) = closed else {
        return Ok(false);
    };
    let deed = Deed {
        workspace_id,
        actor: COMMAND_LINE,
        action: "report.closed",
        at: now,
    };
    // Without the visitor's words.
    let told = json!({ "link_id": LinkId(closed.link_id), "reason": closed.reason });
    deed.record(&mut transaction, id, &told).await?;
    db::commit(transaction).await?;
    Ok(true)
}
