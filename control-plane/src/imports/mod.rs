//! Links from files of other systems, as a job.
//!
//! | table | writer | reader |
//! |---|---|---|
//! | `imports` | the request that begins one; the job, in the transaction that makes links of its rows | the API |
//! | `import_rows` | the same | the job, which deletes them at the end |
//!
//! A row's link gets the domain that the row names, in a column or in a whole short address, if that is one
//! of the workspace's.
//!
//! Repeating a file is safe: a row whose code leads where it should is skipped, and a row without a
//! code gets one that follows from what is in it.

mod codes;
mod columns;
mod file;
mod job;
mod lines;
mod quotes;
mod refused;
mod row;
mod shape;

pub(crate) use file::read;
pub(crate) use job::work;
pub use refused::RefusedRow;
pub(crate) use row::Row;
