#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod audit;
pub mod auth;
mod blocklist;
mod caps;
mod config;
mod console;
pub mod db;
mod error;
mod field_check;
mod imports;
mod internal;
mod json;
pub mod openapi;
mod pages;
mod problem;
mod propagation;
mod qr;
mod relay;
mod router;
mod routes;
mod run;
mod state;
pub mod target;
mod totals;
pub mod visitor_keys;

pub use config::Config;
pub use db::migrate;
pub use error::{Error, Result};
pub use run::{Listeners, run};
