//! Codes that were asked for and do not exist.

mod list;

pub use list::*;
