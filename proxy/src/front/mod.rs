//! The connection front: owns every accepted connection.
//!
//! It reads request heads itself, with one deadline for the whole head, refuses what two servers
//! could read in two ways, and answers everything the edge can answer. For a request that the
//! control plane answers, the connection is lent to the HTTP library's proxy, and then taken back.

#[cfg(any(test, feature = "fuzzing"))]
pub mod agreement;
mod connection;
mod entrance;
mod hand_over;
mod limits;
mod proxy_protocol;
mod request;
mod silence;
mod socket;

pub(crate) use connection::Front;
pub use entrance::ProxyProtocol;
pub use limits::ConnectionLimits;
pub(crate) use limits::{Limits, client_of};
