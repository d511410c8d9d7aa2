//! The connection front: owns every accepted connection until it must be handed over.
//!
//! It reads request heads itself, with one deadline for the whole head, refuses what two servers
//! could read in two ways, and answers everything the edge can answer. A request for the control
//! plane is handed over: its bytes are put back, and the connection goes to the HTTP library's
//! proxy for the rest of its life.

mod connection;
mod limits;
mod request;
mod silence;

pub(crate) use connection::Front;
pub use limits::ConnectionLimits;
pub(crate) use limits::{Limits, client_of};
