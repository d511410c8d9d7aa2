//! Links.

mod bulk;
mod codes;
mod create;
mod delete;
mod draft;
mod edit;
mod explain;
mod explanation;
mod external;
mod fields;
mod get;
mod get_by_code;
mod list;
mod list_query;
mod options;
mod restore;
mod stats;
mod status;
mod update;
mod view;
mod written;

pub use bulk::*;
pub use create::*;
pub use delete::*;
pub use explain::*;
pub use external::*;
pub use get::*;
pub use get_by_code::*;
pub use list::*;
pub use restore::*;
pub use stats::*;
pub use status::LinkStatus;
pub use update::*;
pub use view::Link;
pub use written::WrittenLink;
