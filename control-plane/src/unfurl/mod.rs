//! What pages that links lead to say of themselves: title, description, picture, icon.
//!
//! | table | writer | reader |
//! |---|---|---|
//! | `page_jobs` | triggers of `links`, in the transaction that makes a link or changes its target | [`run`] in any control plane |
//! | `links.page` | [`run`]; the trigger, which empties it when the target changes | the API, preview pages |
//!
//! What is read is somebody else's text. It is kept apart from what owners write, and whoever shows it
//! must escape it.

mod fetch;
mod head;
mod page;
mod text;
mod work;

pub use page::TargetPage;
pub(crate) use text::is_seen;
pub use work::run;
