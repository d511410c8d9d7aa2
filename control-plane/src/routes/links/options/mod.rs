//! What a link may have beyond a target, as clients see it.
//!
//! The shapes are those of the records that proxies read, but for times, which are RFC 3339 here,
//! and for fields that are unknown, which are refused at every depth.

mod click_cap;
mod condition;
mod edits;
mod hours;
mod names;
mod read_condition;
mod rule;
mod show_condition;
mod social_preview;
mod split;

pub use click_cap::ClickCap;
pub use condition::{Condition, QueryTest, QueryValue};
pub use edits::{OptionEdits, OptionFields};
pub use hours::Hours;
pub use rule::Rule;
pub use social_preview::SocialPreview;
pub use split::Split;
