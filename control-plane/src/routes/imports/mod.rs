//! Links from files.

mod create;
mod get;
mod list;
mod view;

pub use create::*;
pub use get::*;
pub use list::*;
pub use view::Import;
