//! Tests of the encodings from outside: round trips, golden files, hostile bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod acks;
mod blocks;
mod day_keys;
mod decide;
mod feed;
mod records;
