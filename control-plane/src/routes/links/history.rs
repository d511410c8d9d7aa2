use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use contract::LinkId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::Link;
use crate::audit::LinkState;
use crate::auth::Caller;
use crate::db::{self, LinkRow, VersionRow};
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::paging::{self, Asked};
use crate::routes::{LinkPath, QueryFields};
use crate::state::AppState;

/// Fields of a link that an owner can change, or that others change for them.
const FIELDS: [&str; 21] = [
    "original_url",
    "title",
    "notes",
    "tags",
    "enabled",
    "archived",
    "external_id",
    "expires_at",
    "redirect_status",
    "starts_at",
    "expired_url",
    "click_cap",
    "rules",
    "split",
    "social_preview",
    "passes_query",
    "passes_path",
    "strict",
    "indexable",
    "max_age",
    "has_password",
];

/// Which versions.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListVersions {
    /// Versions on the page, 1 to 100; 50 when absent.
    #[serde(skip_serializing_if = "paging::is_no_question")]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "paging::is_no_question")]
    cursor: Option<String>,
}

/// What a link was from some moment on.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkVersion {
    /// From 1 on.
    version: i64,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// Who made it so: `usr_…`, `key_…`, or a part of the system.
    #[schema(example = "usr_01K9ZC6T2YJ4T1B6Q8S3W5")]
    actor: String,
    /// What they did: `link.created`, `link.updated`, `link.deleted`, `link.restored`,
    /// `link.rolled_back`, `link.blocked`, `link.unblocked`.
    #[schema(example = "link.updated")]
    action: String,
    /// What differs from the version before. Of a first version, nothing.
    changes: Vec<FieldChange>,
    /// The fields of the link as they were, named as in a link.
    #[schema(value_type = Object)]
    link: Map<String, Value>,
}

/// A field that differs.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldChange {
    /// Its name.
    #[schema(example = "original_url")]
    field: String,
    /// What it was.
    #[schema(value_type = Value)]
    before: Value,
    /// What it became. A new password is `true` after `true`.
    #[schema(value_type = Value)]
    after: Value,
}

/// One page of versions.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkHistory {
    /// Newest first.
    data: Vec<LinkVersion>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List the versions of a link
///
/// Also of one in the bin. Links that are older than this list begin it with their first change
/// since.
#[utoipa::path(get, path = "/api/v1/links/{id}/history", tag = "links",
    params(("id" = String, Path, description = "`lnk_…`"), ListVersions),
    responses(
        (status = 200, description = "A page", body = LinkHistory),
        (status = 400, description = "The cursor was altered", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn link_history(
    State(state): State<AppState>,
    caller: Caller,
    LinkPath(id): LinkPath,
    OriginalUri(uri): OriginalUri,
    QueryFields(fields): QueryFields<ListVersions>,
) -> Result<(HeaderMap, Json<LinkHistory>)> {
    let (query, mut check) = fields.check(&state);
    let limit = paging::limit(query.limit, &mut check);
    check.finish()?;
    let asked = Asked::read(&id, limit, query.cursor.as_deref())?;
    let link = db::find_link(&state.pool, caller.workspace_id, id).await?;
    let link = link.ok_or(Error::NotFound("link"))?;
    // One more than asked for: the last one's changes are those from the one before.
    let rows = versions(&state.pool, &caller, id, asked.after, asked.rows()).await?;
    let mut data = Vec::with_capacity(rows.len());
    for (place, row) in rows.iter().enumerate() {
        data.push(version(&state, &link, row, rows.get(place + 1))?);
    }
    let next_cursor = asked.cut(&mut data, |version| version.version)?;
    let headers = paging::next_page(&uri, next_cursor.as_deref())?;
    Ok((headers, Json(LinkHistory { data, next_cursor })))
}

/// Versions with what they say.
pub(super) async fn versions(
    executor: impl PgExecutor<'_>,
    caller: &Caller,
    id: LinkId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<(VersionRow, LinkState)>> {
    let subject = id.to_string();
    let rows = db::versions(executor, caller.workspace_id, &subject, before, limit).await?;
    let read = |row: VersionRow| {
        let state = serde_json::from_str(&row.state).map_err(Error::internal)?;
        Ok((row, state))
    };
    rows.into_iter().map(read).collect()
}

fn version(
    state: &AppState,
    link: &LinkRow,
    (row, now): &(VersionRow, LinkState),
    before: Option<&(VersionRow, LinkState)>,
) -> Result<LinkVersion> {
    let fields = fields(state, link, now)?;
    let mut changes = Vec::new();
    if let Some((_, before)) = before {
        let has_new_password = before.password != now.password;
        let before = self::fields(state, link, before)?;
        for (field, after) in &fields {
            let before = before.get(field).cloned().unwrap_or_default();
            if before != *after || (field == "has_password" && has_new_password) {
                changes.push(FieldChange {
                    field: field.clone(),
                    before,
                    after: after.clone(),
                });
            }
        }
    }
    Ok(LinkVersion {
        version: row.version,
        at: row.at,
        actor: row.actor.clone(),
        action: row.action.clone(),
        changes,
        link: fields,
    })
}

/// A version as a link is shown.
fn fields(state: &AppState, link: &LinkRow, version: &LinkState) -> Result<Map<String, Value>> {
    let mut row = link.clone();
    // A version from before a takedown was not strict because of it.
    row.is_blocked = version.blocked;
    version.put_into(&mut row);
    // Not of that time, and not its owner's.
    row.page = None;
    row.password_hash = version.password.map(|_| String::new());
    let shown = Link::without_clicks(state, row);
    let Value::Object(mut fields) = serde_json::to_value(shown).map_err(Error::internal)? else {
        return Err(Error::internal("a link is no object"));
    };
    fields.retain(|field, _| FIELDS.contains(&field.as_str()));
    Ok(fields)
}
