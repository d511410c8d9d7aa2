//! What the proxy reads from Redis.
//!
//! | name | type | written by | used here |
//! |---|---|---|---|
//! | `lp:link:{domain}:{code}` | hash `epoch`, `rev`, `rec` | relay | [`Records`] |
//! | `lp:heartbeat` | string | relay | [`ChangeLog`] |
//! | `lp:changes` | stream, id `{seq}-0`, field `change` | relay | [`ChangeLog`] |
//! | `lp:invalidate` | channel | relay | [`Subscription`] |

mod error;
mod log;
mod records;
mod session;
mod subscription;

pub(crate) use error::ReadError;
pub(crate) use log::{ChangeLog, LogEntry};
pub(crate) use records::Records;
pub(crate) use session::{Session, Sessions};
pub(crate) use subscription::{FeedEvent, Subscription};
