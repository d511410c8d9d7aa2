//! Keeps the cache true: edits arrive by themselves, and what was missed is noticed.
//!
//! | task | source | brings |
//! |---|---|---|
//! | `live` | the channel `lp:invalidate` | each change, milliseconds after its commit; loses some |
//! | `log` | `lp:heartbeat:{feed}`, `lp:changes:{feed}` | what was lost, within a second; proof of being up to date |
//! | `page` | `/internal/changes` | the same, when Redis or the relay is away |
//! | `report` | – | tells the control plane how far this proxy has got |
//!
//! All news goes into one `ledger`.

mod follow;
mod freshness;
mod ledger;
mod live;
mod log;
mod page;
mod position;
mod report;
mod standing;
mod trouble;

pub(crate) use follow::Follow;
pub(crate) use freshness::Freshness;
pub(crate) use ledger::JOINED;
pub(crate) use report::Identity;
pub(crate) use standing::Standing;
