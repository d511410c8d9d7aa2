use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::archive;
use crate::auth::Caller;
use crate::body;
use crate::db::{self, ImportRow};
use crate::error::{Error, Result};
use crate::once::Once;
use crate::problem::Problem;
use crate::routes::Query;
use crate::routes::imports::{Import, begin, one_at_a_time};
use crate::state::AppState;

/// Longest file in bytes.
pub const MAX_WORKSPACE: usize = 64 * 1024 * 1024;

/// How to restore.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RestoreWorkspace {
    /// True makes nothing, and says what would be made.
    dry_run: Option<bool>,
}

/// Restore a workspace
///
/// Reads what `GET /api/v1/workspace/export` has written, at most 64 MiB and 200,000 lines, into this
/// workspace, which must have no links, also not in the bin. Ids, codes and dates are kept; exporting
/// again gives the same file. Domains must have been verified here before.
///
/// A job makes all of it or nothing; the address in `Location` tells how it went, with the numbers of
/// lines that cannot be restored in `errors`. While it writes, others who make or change links wait.
#[utoipa::path(post, path = "/api/v1/workspace/restore", tag = "imports", params(RestoreWorkspace),
    request_body(content = String, content_type = "application/jsonl",
        example = json!("{\"kind\":\"workspace\",\"format\":1}\n{\"kind\":\"end\",\"lines\":1}\n")),
    responses(
        (status = 202, description = "Begun", body = Import,
            headers(("Location" = String, description = "Address of the import in this API"))),
        (status = 400, description = "The body could not be read", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `missing_scope`, `cross_site`", body = Problem),
        (status = 409, description = "`conflict`: the workspace has links, or an import that is not \
            finished", body = Problem),
        (status = 413, description = "Body over 64 MiB", body = Problem),
        (status = 415, description = "Not `application/jsonl`", body = Problem),
        (status = 422, description = "`validation_failed`: the file is not whole, or some lines are none; \
            `errors` names them", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn restore_workspace(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    Query(query): Query<RestoreWorkspace>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<impl IntoResponse> {
    let body = body::of_type(&headers, body, "application/jsonl")?;
    let workspace_id = caller.workspace_id;
    let mut connection = state.pool.acquire().await?;
    // Told at once where that is possible; the job looks again.
    if db::workspace_has_links(&mut connection, workspace_id).await? {
        return Err(archive::not_empty());
    }
    one_at_a_time(&mut connection, workspace_id).await?;
    drop(connection);
    let read = tokio::task::spawn_blocking(move || archive::read(&body));
    let lines = read.await.map_err(Error::internal)??;
    let row = ImportRow {
        id: Uuid::now_v7(),
        workspace_id,
        created_by: caller.identity.to_string(),
        created_at: state.now(),
        is_dry_run: query.dry_run.unwrap_or(false),
        is_workspace: true,
        total: i32::try_from(lines.len()).map_err(Error::internal)?,
        position: 0,
        made: 0,
        skipped: 0,
        refused: 0,
        errors: serde_json::json!([]),
        ignored_columns: Vec::new(),
        finished_at: None,
        failure: None,
    };
    begin(state, row, lines, once).await
}
