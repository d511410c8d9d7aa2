//! Signing in to the console, and out.

mod create;
mod delete;
mod get;
mod view;

pub use create::*;
pub use delete::*;
pub use get::*;
pub use view::Session;
