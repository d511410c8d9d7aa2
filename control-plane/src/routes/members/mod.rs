//! Who belongs to the workspace, and as what.

mod get;
mod list;
mod remove;
mod rules;
mod update;

pub use get::*;
pub use list::*;
pub use remove::*;
pub(super) use rules::{may_grant, may_still_grant};
pub use update::*;
