//! Programs that are told of links, and what they were told.

mod create;
mod fields;
mod get;
mod list;
mod messages;
mod remove;
mod replay;
mod rotate;
mod update;
mod view;

pub use create::*;
pub use get::*;
pub use list::*;
pub use messages::*;
pub use remove::*;
pub use replay::*;
pub use rotate::*;
pub use update::*;
pub use view::{NewWebhook, Webhook};
