use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use contract::LinkId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::ReportId;
use crate::auth::Caller;
use crate::db::{self, Moment, ReportRow};
use crate::error::Result;
use crate::problem::Problem;
use crate::routes::QueryFields;
use crate::routes::paging::{self, Asked};
use crate::state::AppState;

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListReports {
    /// Reports on the page, 1 to 100; 50 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

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

/// One page of open reports.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportList {
    /// Newest first.
    data: Vec<Report>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List open reports of links
///
/// For owners and admins. At most 20 of one link are kept open.
#[utoipa::path(get, path = "/api/v1/reports", tag = "reports", params(ListReports),
    responses(
        (status = 200, description = "A page", body = ReportList),
        (status = 400, description = "The cursor was altered", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn list_reports(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    QueryFields(fields): QueryFields<ListReports>,
) -> Result<(HeaderMap, Json<ReportList>)> {
    caller.may_administer()?;
    let (query, mut check) = fields.check(&state);
    let limit = paging::limit(query.limit, &mut check);
    check.finish()?;
    let asked = Asked::read(&"reports", limit, query.cursor.as_deref())?;
    let (workspace_id, after) = (caller.workspace_id, asked.after.as_ref());
    let rows = db::open_reports(&state.pool, workspace_id, after, asked.rows());
    let mut rows = rows.await?;
    let next_cursor = asked.cut(&mut rows, |row| Moment {
        at: row.reported_at,
        id: row.id,
    })?;
    let headers = paging::next_page(&uri, next_cursor.as_deref())?;
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
    Ok((headers, Json(ReportList { data, next_cursor })))
}
