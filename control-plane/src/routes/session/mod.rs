//! Signing in to the console, and out.

mod create;
mod delete;
mod get;
mod password;
mod sign_in;
mod switch;
mod view;

pub use create::*;
pub use delete::*;
pub use get::*;
pub use password::*;
pub(super) use sign_in::sign_in;
pub use switch::*;
pub use view::Session;
