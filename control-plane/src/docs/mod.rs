//! `/docs`: the API's description as a page, written by us, without scripts and without anything
//! from elsewhere.

mod curl;
mod fields;
mod operation;
mod page;
mod serve;
mod text;

pub use serve::router;
