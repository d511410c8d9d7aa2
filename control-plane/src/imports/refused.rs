use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// A row that was refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedRow {
    /// Its number, from 1 on; the header does not count. Of a whole workspace, that of the line.
    #[schema(example = 7)]
    pub row: i64,
    /// Line of the file in which it begins, from 1 on. Absent or null in imports that an older version began.
    #[schema(example = 9)]
    pub line: Option<i64>,
    /// Domain of the link, as far as that can be told. Absent in imports that an older version began.
    #[schema(example = "go.example.com")]
    pub domain: Option<String>,
    /// Code of the link, as far as that can be told.
    #[schema(required, example = "spring-24")]
    pub code: Option<String>,
    /// Why.
    pub problem: Problem,
}
