//! Domains and their settings. So far there is one, the installation's own.

mod get;
mod list;
mod names;
mod own;
mod update;
mod view;

pub use get::*;
pub use list::*;
pub(crate) use names::names;
pub(crate) use own::require_own;
pub use update::*;
pub use view::Domain;
