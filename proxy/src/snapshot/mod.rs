//! The cache on disk, so that a proxy that starts while nobody can be asked still redirects.

mod file;
mod writer;

pub(crate) use file::{Head, read};
pub(crate) use writer::Snapshots;

/// Its name in the folder for data.
pub(crate) const FILE: &str = "cache.snap";
