//! The one write, and the tables it goes to (`migrations/`).

mod agents;
mod blocks;
mod connection;
mod counts;
mod hourly;
mod partitions;
mod rows;
mod text;
mod transaction;
mod writer;

pub(crate) use agents::{LABELS_LOCK, enter as enter_agents, id_of as agent_id};
pub(crate) use blocks::Outcome;
pub(crate) use connection::{Database, within};
pub(crate) use writer::Writer;

/// A moment, as the database has it.
fn storable(moment: contract::Timestamp) -> crate::Result<time::OffsetDateTime> {
    Ok(moment
        .to_datetime()
        .ok_or_else(|| crate::intake::unstorable(moment))?)
}
