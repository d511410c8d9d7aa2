//! Domains: added, shown to be their workspace's, set, removed.

pub(crate) mod app_files;
mod create;
mod get;
mod list;
mod names;
mod own;
mod remove;
mod update;
mod verify;
mod view;

pub use create::*;
pub use get::*;
pub use list::*;
pub(crate) use names::names;
pub(crate) use own::require_own;
pub use remove::*;
pub use update::*;
pub use verify::*;
pub use view::Domain;
use view::{record_name, record_value};
