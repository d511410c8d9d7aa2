//! Starts real servers, and breaks them in the ways they will be broken.
#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, in its helpers too"
)]

mod harness;
mod owner;
mod postgres;
mod redis;
mod refusals;
mod root;
mod testing;
