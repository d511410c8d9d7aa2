use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Import;
use super::view::ImportId;
use crate::audit::Deed;
use crate::auth::Caller;
use crate::body;
use crate::db::{self, ImportRow};
use crate::error::{Error, Result};
use crate::imports;
use crate::once::Once;
use crate::problem::Problem;
use crate::routes::Query;
use crate::state::AppState;

/// Longest file in bytes.
pub const MAX_FILE: usize = 32 * 1024 * 1024;

/// How to import.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CreateImport {
    /// True makes nothing, and says what would be made.
    dry_run: Option<bool>,
}

/// Import links from a file
///
/// CSV in UTF-8 with a header, at most 32 MiB and 200,000 rows. Columns are found by their names, in any
/// case: `original_url` (or `url`, `target`, `destination` …), `code` (or `slug`, `alias`, `short link` …,
/// as a code or as a whole address), `domain`, `title`, `notes`, `tags`, `expires_at`, `enabled`, `archived`,
/// `external_id`, `redirect_status`. Others are ignored, and named.
///
/// Commas separate `tags`, and in a cell without a comma `;` or `|` do: `a;b` is two tags, `a;b,` is one.
/// `enabled` and `archived` are `true`, `yes` or `1`, or `false`, `no` or `0`.
///
/// A link gets the domain that the row names, in the column `domain` or in a whole address that is on one of
/// the workspace's; otherwise the installation's. A `domain` that is not the workspace's refuses the row.
///
/// A job makes the links; the address in `Location` tells how far it has got. Codes are kept. A file
/// can be imported again: rows whose code leads where it should are skipped, and rows without a code
/// get the same one every time.
///
/// A workspace has one unfinished import at a time, dry runs and restores included. One that fails is tried
/// again for some minutes, and then given up: `failure` says why.
#[utoipa::path(post, path = "/api/v1/imports", tag = "imports", params(CreateImport),
    request_body(content = String, content_type = "text/csv",
        example = json!("original_url,code,title\nhttps://example.com/sale,spring-24,Spring sale\n")),
    responses(
        (status = 202, description = "Begun", body = Import,
            headers(("Location" = String, description = "Address of the import in this API"))),
        (status = 400, description = "The body could not be read", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 409, description = "`conflict`: another import of the workspace is not finished",
            body = Problem),
        (status = 413, description = "Body over 32 MiB", body = Problem),
        (status = 415, description = "Not `text/csv`", body = Problem),
        (status = 422, description = "`validation_failed`: the file cannot be read, or has no column \
            with targets", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn create_import(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    Query(query): Query<CreateImport>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<impl IntoResponse> {
    caller.may_edit()?;
    let body = body::of_type(&headers, body, "text/csv")?;
    let workspace_id = caller.workspace_id;
    one_at_a_time(&mut *state.pool.acquire().await?, workspace_id).await?;
    let read = tokio::task::spawn_blocking(move || imports::read(&body, workspace_id));
    let file = read.await.map_err(Error::internal)??;
    let row = ImportRow {
        id: Uuid::now_v7(),
        workspace_id,
        created_by: caller.identity.to_string(),
        created_at: state.now(),
        is_dry_run: query.dry_run.unwrap_or(false),
        is_workspace: false,
        total: i32::try_from(file.rows.len()).map_err(Error::internal)?,
        position: 0,
        made: 0,
        skipped: 0,
        refused: 0,
        errors: serde_json::json!([]),
        ignored_columns: file.ignored_columns,
        finished_at: None,
        failure: None,
    };
    begin(state, row, file.rows, once).await
}

/// Keeps an import with its rows, of which the job makes something; once.
pub(crate) async fn begin(
    state: AppState,
    row: ImportRow,
    rows: Vec<Value>,
    once: Once,
) -> Result<impl IntoResponse> {
    let location = format!("/api/v1/imports/{}", ImportId(row.id));
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn({
        let location = location.clone();
        async move { insert(&state, row, &rows, &location, &once).await }
    });
    let begun = task.await.map_err(Error::internal)??;
    let location = AppendHeaders([(LOCATION, location)]);
    Ok((StatusCode::ACCEPTED, location, Json(begun)))
}

async fn insert(
    state: &AppState,
    row: ImportRow,
    rows: &[Value],
    location: &str,
    once: &Once,
) -> Result<Import> {
    let mut transaction = db::begin(&state.pool).await?;
    once.begin(&mut transaction).await?;
    one_at_a_time(&mut transaction, row.workspace_id).await?;
    db::insert_import(&mut transaction, &row, rows).await?;
    let deed = Deed {
        workspace_id: row.workspace_id,
        actor: &row.created_by,
        action: match row.is_workspace {
            true => "restore.begun",
            false => "import.begun",
        },
        at: row.created_at,
    };
    let told = json!({ "dry_run": row.is_dry_run, "rows": row.total });
    deed.record(&mut transaction, ImportId(row.id), &told)
        .await?;
    let begun = Import::from(row);
    let status = StatusCode::ACCEPTED;
    once.keep(&mut transaction, status, Some(location), &begun)
        .await?;
    db::commit(transaction).await?;
    Ok(begun)
}

/// Refuses a second unfinished import of a workspace: each keeps its rows until it is through.
///
/// # Errors
/// [`Error::Conflict`] if there is one.
pub(crate) async fn one_at_a_time(connection: &mut PgConnection, workspace_id: Uuid) -> Result<()> {
    match db::has_unfinished_import(connection, workspace_id).await? {
        true => Err(Error::Conflict(
            "another import of this workspace is not finished yet: wait for its end",
        )),
        false => Ok(()),
    }
}
