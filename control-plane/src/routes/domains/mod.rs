//! Domains and their settings. So far there is one, the installation's own.

mod get;
mod list;
mod own;
mod update;
mod view;

pub use get::*;
pub use list::*;
pub use update::*;
pub use view::Domain;
