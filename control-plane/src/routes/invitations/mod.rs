//! Inviting people. There is no mail server: whoever invites passes the link on.

mod accept;
mod create;
mod get;
mod list;
mod token;
mod view;
mod withdraw;

pub use accept::*;
pub use create::*;
pub use get::*;
pub use list::*;
pub use view::{Invitation, NewInvitation};
pub use withdraw::*;
