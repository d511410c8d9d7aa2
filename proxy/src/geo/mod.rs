//! Where an address is, told by databases in MaxMind's format.

mod database;
mod record;
mod watch;

#[cfg(test)]
mod written;

#[expect(unused_imports, reason = "redirects do not ask yet")]
pub(crate) use watch::Geo;
pub(crate) use watch::start;
