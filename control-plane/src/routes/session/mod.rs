//! Signing in to the console, and out.

mod create;
mod delete;
mod get;
mod sign_in;
mod switch;
mod view;

pub use create::*;
pub use delete::*;
pub use get::*;
pub(super) use sign_in::sign_in;
pub use switch::*;
pub use view::Session;
