//! Keeps the cache true: edits arrive by themselves, and what was missed is noticed.

mod follower;
mod position;

pub(crate) use follower::{Follower, JOINED};
