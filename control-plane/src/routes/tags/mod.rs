//! Tags of links.

mod list;

pub use list::*;
