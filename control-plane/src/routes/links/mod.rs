//! Links.

mod codes;
mod create;
mod delete;
mod draft;
mod explain;
mod explanation;
mod fields;
mod get;
mod list;
mod options;
mod stats;
mod status;
mod update;
mod view;
mod written;

pub use create::*;
pub use delete::*;
pub use explain::*;
pub use get::*;
pub use list::*;
pub use stats::*;
pub use status::LinkStatus;
pub use update::*;
pub use view::Link;
pub(crate) use view::short_url;
pub use written::WrittenLink;
