//! API keys: made, listed, rotated, revoked. Their text is shown once.

mod create;
mod draft;
mod get;
mod list;
mod revoke;
mod rotate;
mod view;

pub use create::*;
pub use get::*;
pub use list::*;
pub use revoke::*;
pub use rotate::*;
pub use view::{ApiKey, NewApiKey};
