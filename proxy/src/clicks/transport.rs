//! The seam between delivery and the library that talks to Redis.

use std::future::Future;

use contract::{Block, BlockId};

/// Why Redis has not said yes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransportError {
    /// Perhaps it has the block, perhaps not.
    #[error("{0}")]
    Unknown(String),
    /// There is no stream: no pipeline has begun there.
    #[error("no pipeline has made the stream {0} yet")]
    NoStream(String),
}

/// A way to Redis. Tried once, bounded in time; what is unknown is asked again by whoever
/// calls.
pub(crate) trait Transport: Send + Sync + 'static {
    /// Whether there is a connection.
    fn is_up(&self) -> bool;

    /// How many connections there have been: another one may lead to a Redis that lacks what the
    /// one before had confirmed.
    fn connections(&self) -> u64;

    /// Appends a block to its stream and returns the entry's id.
    fn append(&self, block: &Block) -> impl Future<Output = Result<String, TransportError>> + Send;

    /// Whether a block's entry is still in its stream.
    fn has(
        &self,
        block: BlockId,
        entry: &str,
    ) -> impl Future<Output = Result<bool, TransportError>> + Send;

    /// Ends the connections.
    fn close(&self);
}
