use contract::DecodeError;
use fred::error::Error as RedisError;

/// Why Redis gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// There is no connection.
    #[error("there is no connection to Redis")]
    Away,
    /// There is one, but nobody vouches for what is in this Redis.
    #[error("this Redis may hold old data")]
    Untrusted,
    /// It could not be asked, or did not answer.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// What it holds cannot be understood.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}
