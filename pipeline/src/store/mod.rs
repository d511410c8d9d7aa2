//! The one write, and the tables it goes to (`migrations/`).

mod blocks;
mod connection;
mod hourly;
mod partitions;
mod rows;
mod transaction;
mod writer;

pub(crate) use blocks::Outcome;
pub(crate) use connection::{Database, within};
pub(crate) use writer::Writer;
