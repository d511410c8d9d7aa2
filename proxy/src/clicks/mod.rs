//! Clicks, from a redirect until the pipeline has committed them.
//!
//! | name | type | here |
//! |---|---|---|
//! | `lp:click_events:{p}` | stream | written: one entry per block, fields of `contract::block::FIELDS`; the ids of entries are looked for |
//! | `lp:ack:{p}` | channel | read: names of blocks that are committed |
//!
//! The spool has each click until then, so whatever happens in between costs sending again. A block
//! is sent again when nobody confirmed that Redis has it, and when its entry is gone from Redis
//! without having been acknowledged: then Redis has lost it, or the acknowledgement was. The
//! pipeline counts a name once, so neither costs a click or doubles one.

mod config;
mod delivery;
mod keeper;
mod on_the_way;
mod recorder;
mod redis_transport;
mod start;
#[cfg(test)]
mod tests;
mod transport;

pub use config::SpoolConfig;
pub(crate) use recorder::Recorder;
pub(crate) use start::{FOLDER, Start};
