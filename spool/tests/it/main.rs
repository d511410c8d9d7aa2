//! The spool through its front door.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]

mod adoption;
mod damage;
mod disk;
mod golden;
mod harness;
mod inspection;
mod model;
mod room;
mod threads;
