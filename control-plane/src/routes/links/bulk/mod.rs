//! Many links in one request.

mod create;
mod delete;
mod edit;
mod imported;
mod outcome;
pub(super) mod rows;
mod selection;

pub use create::*;
pub use delete::*;
pub use edit::*;
pub use imported::ImportedRow;
