//! Links.

mod create;
mod cursor;
mod delete;
mod fields;
mod get;
mod list;
mod stats;
mod update;
mod view;
mod written;

pub use create::*;
pub use delete::*;
pub use get::*;
pub use list::*;
pub use stats::*;
pub use update::*;
pub use view::{Link, LinkStatus};
pub use written::WrittenLink;
