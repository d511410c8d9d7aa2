//! Everything is killed and frozen under load, again and again; then every click is looked for.

mod clients;
mod command;
mod disk;
mod faults;
mod judge;
mod service;
mod stage;
mod watch;
mod wire;

pub(crate) use command::{Arguments, run};
