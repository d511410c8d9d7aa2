//! Inviting people. There is no mail server: whoever invites passes the link on.

mod accept;
mod create;
mod get;
mod list;
mod token;
mod view;
mod withdraw;
mod withdrawn;

pub use accept::*;
pub use create::*;
pub use get::*;
pub use list::*;
pub use view::{Invitation, NewInvitation};
pub use withdraw::*;
pub(crate) use withdrawn::withdraw_made_by;
