//! Imports and their rows.

use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Moment;
use crate::Result;

/// A row of `imports`.
#[derive(Debug)]
pub struct ImportRow {
    /// Identity.
    pub id: Uuid,
    /// Owner.
    pub workspace_id: Uuid,
    /// Who began it.
    pub created_by: String,
    /// When.
    pub created_at: OffsetDateTime,
    /// Nothing is made.
    pub is_dry_run: bool,
    /// A whole workspace: all of it or nothing.
    pub is_workspace: bool,
    /// Rows of the file.
    pub total: i32,
    /// Rows that are done with.
    pub position: i32,
    /// Of these: made.
    pub made: i32,
    /// Of these: there already.
    pub skipped: i32,
    /// Of these: refused.
    pub refused: i32,
    /// Why, of the first thousand.
    pub errors: Value,
    /// Headers of columns that meant nothing.
    pub ignored_columns: Vec<String>,
    /// When it was through.
    pub finished_at: Option<OffsetDateTime>,
    /// Why the last attempt failed; of one that is finished, why it was given up. A problem.
    pub failure: Option<Value>,
}

/// An import whose turn it is.
#[derive(Debug)]
pub struct ImportTurn {
    /// Identity.
    pub id: Uuid,
    /// Attempts since rows were last done with, this one included.
    pub attempts: i32,
}

/// Begins an import with its rows.
pub async fn insert_import(
    connection: &mut PgConnection,
    import: &ImportRow,
    rows: &[Value],
) -> Result<()> {
    sqlx::query!(
        "insert into imports (id, workspace_id, created_by, created_at, is_dry_run, total,
                              ignored_columns, is_workspace)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        import.id,
        import.workspace_id,
        import.created_by,
        import.created_at,
        import.is_dry_run,
        import.total,
        &import.ignored_columns,
        import.is_workspace,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into import_rows (import_id, number, link)
         select $1, number, link
         from unnest($2::jsonb[]) with ordinality as row (link, number)",
        import.id,
        rows,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether an import of the workspace is not finished. Nobody can begin another one until the end of
/// the transaction.
pub async fn has_unfinished_import(
    connection: &mut PgConnection,
    workspace_id: Uuid,
) -> Result<bool> {
    sqlx::query!(
        "select id from workspaces where id = $1 for no key update",
        workspace_id,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let has = sqlx::query_scalar!(
        r#"select exists (
               select from imports where workspace_id = $1 and finished_at is null
           ) as "has!""#,
        workspace_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(has)
}

/// Takes the import whose turn it is, counts the attempt, and puts the import last. If nothing more
/// is heard of the attempt, the next one is made at `retry_at`.
pub async fn take_turn(
    pool: &PgPool,
    now: OffsetDateTime,
    retry_at: OffsetDateTime,
) -> Result<Option<ImportTurn>> {
    let turn = sqlx::query_as!(
        ImportTurn,
        "update imports
         set attempts = attempts + 1, next_attempt_at = $2, turn = nextval('import_turns')
         where id = (
             select id from imports
             where finished_at is null and (next_attempt_at is null or next_attempt_at <= $1)
             order by turn limit 1
             for update skip locked
         )
         returning id, attempts",
        now,
        retry_at,
    )
    .fetch_optional(pool)
    .await?;
    Ok(turn)
}

/// The import for the work at it, locked until the end of the transaction; `None` while somebody else
/// works at it.
pub async fn lock_import(connection: &mut PgConnection, id: Uuid) -> Result<Option<ImportRow>> {
    let import = sqlx::query_as!(
        ImportRow,
        "select id, workspace_id, created_by, created_at, is_dry_run, is_workspace, total, position,
                made, skipped, refused, errors, ignored_columns, finished_at, failure
         from imports where id = $1 and finished_at is null
         for update skip locked",
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(import)
}

/// Notes that an attempt failed, and when the next one is, or that there is none. False if somebody
/// else has made another attempt since.
pub async fn note_failure(
    connection: &mut PgConnection,
    turn: &ImportTurn,
    failure: &Value,
    next_attempt_at: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<bool> {
    let noted = sqlx::query!(
        "update imports
         set failure = $3, next_attempt_at = $4,
             finished_at = case when $4::timestamptz is null then $5::timestamptz end
         where id = $1 and attempts = $2 and finished_at is null",
        turn.id,
        turn.attempts,
        failure,
        next_attempt_at,
        now,
    )
    .execute(&mut *connection)
    .await?;
    if next_attempt_at.is_none() && noted.rows_affected() == 1 {
        delete_rows(connection, turn.id).await?;
    }
    Ok(noted.rows_affected() == 1)
}

/// The next rows, in their order.
pub async fn import_rows(
    connection: &mut PgConnection,
    id: Uuid,
    after: i32,
    limit: i64,
) -> Result<Vec<Value>> {
    let rows = sqlx::query_scalar!(
        "select link from import_rows where import_id = $1 and number > $2 order by number limit $3",
        id,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Writes how far an import has got: this attempt did not fail. Of one that is finished, the rows are forgotten.
pub async fn update_import(connection: &mut PgConnection, import: &ImportRow) -> Result<()> {
    sqlx::query!(
        "update imports
         set position = $2, made = $3, skipped = $4, refused = $5, errors = $6, finished_at = $7,
             attempts = 0, next_attempt_at = null, failure = null
         where id = $1",
        import.id,
        import.position,
        import.made,
        import.skipped,
        import.refused,
        import.errors,
        import.finished_at,
    )
    .execute(&mut *connection)
    .await?;
    if import.finished_at.is_some() {
        delete_rows(connection, import.id).await?;
    }
    Ok(())
}

async fn delete_rows(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!("delete from import_rows where import_id = $1", id)
        .execute(connection)
        .await?;
    Ok(())
}

/// An import of the workspace.
pub async fn find_import(pool: &PgPool, workspace_id: Uuid, id: Uuid) -> Result<Option<ImportRow>> {
    let import = sqlx::query_as!(
        ImportRow,
        "select id, workspace_id, created_by, created_at, is_dry_run, is_workspace, total, position,
                made, skipped, refused, errors, ignored_columns, finished_at, failure
         from imports where workspace_id = $1 and id = $2",
        workspace_id,
        id,
    )
    .fetch_optional(pool)
    .await?;
    Ok(import)
}

/// Imports of the workspace, newest first.
pub async fn list_imports(
    pool: &PgPool,
    workspace_id: Uuid,
    after: Option<&Moment>,
    limit: i64,
) -> Result<Vec<ImportRow>> {
    let imports = sqlx::query_as!(
        ImportRow,
        "select id, workspace_id, created_by, created_at, is_dry_run, is_workspace, total, position,
                made, skipped, refused, errors, ignored_columns, finished_at, failure
         from imports
         where workspace_id = $1
           and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
         order by created_at desc, id desc limit $4",
        workspace_id,
        after.map(|after| after.at),
        after.map(|after| after.id),
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(imports)
}
