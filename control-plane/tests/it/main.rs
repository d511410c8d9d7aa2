//! The control plane from outside: the real service, with its own database and Redis names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]

mod auth;
mod bad_input;
mod console;
mod harness;
mod internal;
mod leadership;
mod links;
mod openapi;
mod outage;
mod pool;
mod propagation;
mod relay;
mod stats;
mod visitor_keys;
