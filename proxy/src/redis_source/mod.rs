//! What the proxy reads from Redis.
//!
//! | name | type | written by | used here |
//! |---|---|---|---|
//! | `lp:link:{s}:{domain}:{code}` | hash `epoch`, `rev`, `rec` | relay | [`Records`] |
//! | `lp:heartbeat:{feed}` | string | relay | [`ChangeLog`] |
//! | `lp:changes:{feed}` | stream, id `{seq}-0`, field `change` | relay | [`ChangeLog`] |
//! | `lp:invalidate` | channel | relay | [`Subscription`] |

mod error;
mod log;
mod place;
mod records;
mod session;
mod subscription;

pub(crate) use error::ReadError;
pub(crate) use log::{ChangeLog, LogEntry};
pub(crate) use records::Records;
pub(crate) use session::{Session, Sessions};
pub(crate) use subscription::{FeedEvent, Subscription};
