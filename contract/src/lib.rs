#![doc = include_str!("../README.md")]

pub mod block;
pub mod change;
pub mod click;
pub mod clock;
pub mod code;
pub mod day;
pub mod day_keys;
pub mod decide;
pub mod domain;
pub mod error;
pub mod id;
pub mod keys;
pub mod link;
pub mod place;

pub use block::{Block, BlockBuilder, BlockId, SegmentId};
pub use change::{Change, FeedMessage, Heartbeat};
pub use click::{Click, Method};
pub use clock::{Clock, FixedClock, SystemClock, Timestamp};
pub use code::Code;
pub use day::Day;
pub use day_keys::{DayKey, DayKeys};
pub use decide::{Outcome, Visit, decide};
pub use domain::Domain;
pub use error::DecodeError;
pub use id::{LinkId, RequestId};
pub use keys::Keys;
pub use link::{LinkRecord, LinkState, RedirectStatus};
pub use place::Place;
