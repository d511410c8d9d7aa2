#![doc = include_str!("../README.md")]

pub mod publication;

#[cfg(not(feature = "loom"))]
mod file;
#[cfg(not(feature = "loom"))]
pub mod inspect;
#[cfg(not(feature = "loom"))]
mod layout;
#[cfg(not(feature = "loom"))]
mod open;
#[cfg(not(feature = "loom"))]
mod options;
#[cfg(not(feature = "loom"))]
mod outbox;
#[cfg(not(feature = "loom"))]
mod parse;
#[cfg(not(feature = "loom"))]
mod reader;
#[cfg(not(feature = "loom"))]
mod readers;
#[cfg(not(feature = "loom"))]
mod segment;
#[cfg(not(feature = "loom"))]
mod table;
#[cfg(not(feature = "loom"))]
mod table_reader;
#[cfg(not(feature = "loom"))]
mod tables;
#[cfg(not(feature = "loom"))]
mod writer;

#[cfg(not(feature = "loom"))]
pub use self::{
    open::open,
    options::{Options, SMALLEST_SEGMENT, SyncPolicy},
    outbox::{Losses, Outbox},
    writer::{Recorded, Writer},
};
