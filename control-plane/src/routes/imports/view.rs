use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::db::ImportRow;
use crate::imports::RefusedRow;
use crate::problem::Problem;

contract::typed_id! {
    /// An import.
    ImportId, "imp_"
}

/// Links that come from a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct Import {
    /// Identity.
    #[schema(value_type = String, example = "imp_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: ImportId,
    /// True: nothing is made, all is said as if it were.
    dry_run: bool,
    /// True: a whole workspace, of which all is made or nothing.
    whole_workspace: bool,
    /// True when all rows are done with, or it was given up.
    finished: bool,
    /// Rows of the file, without its header.
    total: i32,
    /// Rows that are done with.
    done: i32,
    /// Of these, links that were made.
    made: i32,
    /// Of these, rows whose code leads where it should already.
    skipped: i32,
    /// Of these, rows that were refused.
    refused: i32,
    /// The first thousand that were refused.
    #[schema(value_type = Vec<RefusedRow>)]
    errors: Value,
    /// Headers of columns that mean nothing to us.
    #[schema(example = json!(["Campaign"]))]
    ignored_columns: Vec<String>,
    /// Who began it: `usr_…` or `key_…`.
    #[schema(example = "usr_01K9ZC6T2YJ4T1B6Q8S3W5")]
    created_by: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was through.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    finished_at: Option<OffsetDateTime>,
    /// Null, or why the last attempt at the next rows failed: it is tried again. Of a finished import: why it
    /// was given up, with what was done until then.
    #[schema(value_type = Option<Problem>, required)]
    failure: Option<Value>,
}

impl From<ImportRow> for Import {
    fn from(row: ImportRow) -> Self {
        Self {
            id: ImportId(row.id),
            dry_run: row.is_dry_run,
            whole_workspace: row.is_workspace,
            finished: row.finished_at.is_some(),
            total: row.total,
            done: row.position,
            made: row.made,
            skipped: row.skipped,
            refused: row.refused,
            errors: row.errors,
            ignored_columns: row.ignored_columns,
            created_by: row.created_by,
            created_at: row.created_at,
            finished_at: row.finished_at,
            failure: row.failure,
        }
    }
}
