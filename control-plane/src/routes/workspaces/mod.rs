//! Workspaces of the signed-in user.

mod create;
mod export;
mod get;
mod list;
mod rename;
mod restore;

pub use create::*;
pub use export::*;
pub use get::*;
pub use list::*;
pub use rename::*;
pub use restore::*;
