//! `linkpulse up`: everything on this machine, under a small supervisor.

mod account;
mod command;
mod folder;
mod launch;
mod log;
mod plan;
mod program;
mod proof;
mod run_command;
mod service;
mod signals;
mod state;
mod stop;
mod supervise;
mod welcome;

pub(crate) use command::{Arguments, run};
pub(crate) use folder::DEFAULT as DEFAULT_DIR;
pub(crate) use plan::{reachable, running};
pub(crate) use run_command::exit_code_of;
pub(crate) use service::{ADMIN_LISTENERS, RefusedSetting};
