use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::auth::Caller;
use crate::db::{self, AuditFilter, AuditRow};
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::QueryFields;
use crate::routes::paging::{self, Asked};
use crate::state::AppState;

/// Which entries, and how many.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAuditLog {
    /// Entries on the page, 1 to 100; 50 when absent.
    #[serde(skip_serializing_if = "paging::is_no_question")]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "paging::is_no_question")]
    cursor: Option<String>,
    /// Only what they did: `usr_…`, `key_…`, `cli`, or a part of the system.
    actor: Option<String>,
    /// Only this, such as `link.deleted`.
    action: Option<String>,
    /// Only what was done to this, such as `lnk_…`.
    subject: Option<String>,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// From 1 on, without gaps.
    number: i64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// Who: `usr_…`, `key_…`, `cli` for the command line, or a part of the system.
    #[schema(example = "usr_01K9ZC6T2YJ4T1B6Q8S3W5")]
    actor: String,
    /// What: done to links (`link.created` …), keys, members, invitations, webhooks, domains, imports,
    /// reports, the logo, passwords or the workspace.
    #[schema(example = "link.updated")]
    action: String,
    /// To what.
    #[schema(example = "lnk_01K9ZC6T2YJ4T1B6Q8S3W5")]
    subject: String,
    /// What it is like since, as it is stored.
    #[schema(value_type = Object)]
    state: Value,
    /// SHA-256, in hexadecimal, of this entry and all before it. Keep the newest one elsewhere, and
    /// nobody can write the log anew without your noticing.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    hash: String,
}

/// One page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditLog {
    /// Newest first.
    data: Vec<AuditEntry>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List what was done in the workspace
///
/// For owners and admins. `linkpulse doctor --audit` checks the hashes.
#[utoipa::path(get, path = "/api/v1/audit-log", tag = "audit", params(ListAuditLog),
    responses(
        (status = 200, description = "A page", body = AuditLog),
        (status = 400, description = "The cursor was altered, or is of another query",
            body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn list_audit_log(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    QueryFields(fields): QueryFields<ListAuditLog>,
) -> Result<(HeaderMap, Json<AuditLog>)> {
    caller.may_administer()?;
    let (query, mut check) = fields.check(&state);
    let limit = paging::limit(query.limit, &mut check);
    let filter = AuditFilter {
        actor: paging::name("actor", query.actor.as_deref(), &mut check),
        action: paging::name("action", query.action.as_deref(), &mut check),
        subject: paging::name("subject", query.subject.as_deref(), &mut check),
    };
    check.finish()?;
    let asked = Asked::read(&query, limit, query.cursor.as_deref())?;
    let workspace_id = caller.workspace_id;
    let rows = db::audit_log(
        &state.pool,
        workspace_id,
        &filter,
        asked.after,
        asked.rows(),
    );
    let mut rows = rows.await?;
    let next_cursor = asked.cut(&mut rows, |row| row.number)?;
    let data = rows.into_iter().map(view).collect::<Result<_>>()?;
    let headers = paging::next_page(&uri, next_cursor.as_deref())?;
    Ok((headers, Json(AuditLog { data, next_cursor })))
}

fn view(row: AuditRow) -> Result<AuditEntry> {
    Ok(AuditEntry {
        number: row.number,
        at: row.at,
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        state: serde_json::from_str(&row.state).map_err(Error::internal)?,
        hash: row.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}
