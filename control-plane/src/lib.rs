#![doc = include_str!("../README.md")]

pub mod access;
pub mod accounts;
pub mod auth;
mod caps;
mod config;
mod console;
pub mod db;
mod dns;
mod error;
mod field_check;
mod gate;
mod internal;
mod json;
mod limits;
mod once;
pub mod openapi;
mod outbound;
mod pages;
mod problem;
mod propagation;
mod relay;
mod router;
mod routes;
mod run;
mod state;
pub mod target;
mod versions;
pub mod visitor_keys;
mod webhooks;

pub use config::Config;
pub use db::migrate;
pub use error::{Error, Result};
pub use run::{Listeners, run};
