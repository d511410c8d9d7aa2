//! Workspaces of the signed-in user.

mod create;
mod list;
mod rename;

pub use create::*;
pub use list::*;
pub use rename::*;
