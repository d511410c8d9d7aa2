//! `linkpulse` from outside, with real servers and services.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]

mod chores;
mod clicks;
mod dead_letters;
mod doctor;
mod harness;
mod link_options;
mod privacy;
mod processes;
mod redis_cluster;
mod redis_users;
mod restore;
mod settings;
mod takedowns;
mod up;
mod up_with_servers;
mod web;
