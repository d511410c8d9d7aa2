//! Hosts that no link may lead to: a file of the operator's, such as the lists of phishing hosts that
//! others publish.
//!
//! New targets are checked against it. When the file changes, all links are: those that lead to a
//! host that is listed by now are taken down (`link.blocked` by `blocklist` in the audit log).

mod hosts;
mod rescan;
mod watch;

pub use hosts::Hosts;
pub(crate) use watch::{Blocklist, watch};
