//! Telling programs of links: what happened is written down, then sent until it is taken.

mod audited;
mod collect;
mod event;
mod send;
mod signature;
mod work;

pub use audited::AuditedWebhook;
pub use event::Event;
pub use signature::{Secret, sign};
pub use work::run;
