//! The audit log: who changed what in a workspace, in a chain of hashes.
//!
//! | table | key | writer | lifetime |
//! |---|---|---|---|
//! | `audit_log` | workspace, number from 1 without gaps | [`record`], in the transaction of the change | for ever |
//! | `audit_heads` | workspace | the same; its row is the lock of the chain | the workspace's |
//!
//! Each row's hash is over the hash before and the row itself. Whoever can write to the database can
//! also compute hashes, so this is no proof against its administrator, unless the newest hash was
//! kept somewhere else: that is why [`verify`] gives it.
//!
//! The lock of the chain is taken after those of the links and before that of the change log.

mod cause;
mod deed;
mod entry;
mod link_state;
mod record;
mod verify;

pub use cause::{Action, COMMAND_LINE, Cause};
pub use deed::Deed;
pub use entry::{Entry, Hash};
pub use link_state::LinkState;
pub use record::{Event, record, record_links};
pub use verify::{Finding, Verified, verify};
