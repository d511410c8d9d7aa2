//! How long clients of the API wait when a workspace has a million links.

mod bulk;
mod command;
mod creation;
mod lists;
mod open_loop;
mod population;
mod questions;
mod sign_ins;
mod text;
mod words;

pub(crate) use command::{Arguments, run};
