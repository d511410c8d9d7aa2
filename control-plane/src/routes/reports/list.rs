use axum::Json;
use axum::extract::State;
use contract::LinkId;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::ReportId;
use crate::auth::Caller;
use crate::db::{self, ReportRow};
use crate::error::Result;
use crate::problem::Problem;
use crate::state::AppState;

/// Reports that are shown.
const SHOWN: i64 = 100;

/// What a visitor says of a link.
#[derive(Debug, Serialize, ToSchema)]
pub struct Report {
    /// Identity.
    #[schema(value_type = String, example = "rep_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: ReportId,
    /// Of which link.
    #[schema(value_type = String, example = "lnk_01K9ZC6T2YJ4T1B6Q8S3W5")]
    link_id: LinkId,
    /// The link's host.
    #[schema(example = "go.example.com")]
    domain: String,
    /// The link's short part.
    #[schema(example = "spring-24")]
    code: String,
    /// `phishing`, `malware`, `spam` or `other`.
    #[schema(example = "phishing")]
    reason: String,
    /// In the visitor's words: treat it as any text from strangers.
    #[schema(required)]
    detail: Option<String>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    reported_at: OffsetDateTime,
}

/// Open reports.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportList {
    /// Newest first.
    data: Vec<Report>,
}

/// List open reports of links
///
/// For owners and admins. The newest 100. At most 20 of one link are kept open.
#[utoipa::path(get, path = "/api/v1/reports", tag = "reports",
    responses(
        (status = 200, description = "Open reports", body = ReportList),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn list_reports(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<ReportList>> {
    caller.may_administer()?;
    let rows = db::open_reports(&state.pool, caller.workspace_id, SHOWN).await?;
    let view = |row: ReportRow| Report {
        id: ReportId(row.id),
        link_id: LinkId(row.link_id),
        domain: row.domain,
        code: row.code,
        reason: row.reason,
        detail: row.detail,
        reported_at: row.reported_at,
    };
    let data = rows.into_iter().map(view).collect();
    Ok(Json(ReportList { data }))
}
