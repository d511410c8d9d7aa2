//! What is measured, and how.

pub(crate) mod api;
pub(crate) mod drain;
pub(crate) mod edits;
pub(crate) mod instructions;
pub(crate) mod latency;
pub(crate) mod memory;
pub(crate) mod outage;
mod pair;
mod profile;
pub(crate) mod recording;
pub(crate) mod redirects;
pub(crate) mod visible;
