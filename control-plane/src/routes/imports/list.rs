use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Import;
use crate::auth::Caller;
use crate::db::{self, Moment};
use crate::error::Result;
use crate::problem::Problem;
use crate::routes::QueryFields;
use crate::routes::paging::{self, Asked};
use crate::state::AppState;

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListImports {
    /// Imports on the page, 1 to 100; 50 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// One page of imports.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportList {
    /// Newest first.
    data: Vec<Import>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List imports
#[utoipa::path(get, path = "/api/v1/imports", tag = "imports", params(ListImports),
    responses(
        (status = 200, description = "A page", body = ImportList),
        (status = 400, description = "The cursor was altered", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn list_imports(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    QueryFields(fields): QueryFields<ListImports>,
) -> Result<(HeaderMap, Json<ImportList>)> {
    let (query, mut check) = fields.check(&state);
    let limit = paging::limit(query.limit, &mut check);
    check.finish()?;
    let asked = Asked::read(&"imports", limit, query.cursor.as_deref())?;
    let (workspace_id, after) = (caller.workspace_id, asked.after.as_ref());
    let rows = db::list_imports(&state.pool, workspace_id, after, asked.rows());
    let mut rows = rows.await?;
    let next_cursor = asked.cut(&mut rows, |row| Moment {
        at: row.created_at,
        id: row.id,
    })?;
    let headers = paging::next_page(&uri, next_cursor.as_deref())?;
    let data = rows.into_iter().map(Import::from).collect();
    Ok((headers, Json(ImportList { data, next_cursor })))
}
