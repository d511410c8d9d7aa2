//! A whole workspace as a file, and back: JSON lines, in an order that does not change.
//!
//! | line | what is in it |
//! |---|---|
//! | `workspace` | the first: which version of this format it is |
//! | `domain` | settings of a domain; without a name, of the installation's own |
//! | `logo` | the logo of QR codes, a PNG |
//! | `utm_template` | values of UTM parameters under a name |
//! | `link` | a link, with all that it has, in the order in which they were made |
//! | `end` | the last: how many lines are before it, so that half a file is not taken for a whole one |
//!
//! Why these, and what is left out: `docs/decisions/0013-leaving-with-everything.md`.

mod line;
mod read;
mod restore;
mod write;

pub(crate) use read::{has_nul, read};
pub(crate) use restore::{not_empty, restore};
pub(crate) use write::write;
