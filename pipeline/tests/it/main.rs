#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]
//! The pipeline against a real PostgreSQL, with and without TimescaleDB, and a real Redis.

mod acks;
mod audit;
mod blocks;
mod counts;
mod dead_letters;
mod engines;
mod groups;
mod harness;
mod ingest;
mod outage;
mod partitions;
mod poison;
mod reclassify;
mod redelivery;
mod shutdown;
