//! How often somebody may do something: try a password, ask the API.
//!
//! Counted in Redis, for all control planes together, and in each one's own memory while Redis is
//! away.

mod attempts;
mod client;
mod local_attempts;
mod rate;
mod shared;

pub use attempts::Attempts;
pub use client::client_of;
pub use rate::{Allowance, Policy, RateLimits};
pub use shared::SharedCounters;
