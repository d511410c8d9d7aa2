#![doc = include_str!("../README.md")]

mod audit;
mod backoff;
mod batch;
pub mod classify;
mod config;
mod consumer;
pub mod dead_letter;
mod engine;
mod entry;
mod error;
#[cfg(test)]
mod example;
mod groups;
mod intake;
mod metrics;
mod observer;
mod reclaim;
mod reclassify;
mod removal;
pub mod rollup;
mod run;
mod store;
mod stream;

pub use audit::{Audit, Finding, WrongCount, audit};
pub use config::Config;
pub use engine::{Engine, EngineChoice, detect_engine, migrate};
pub use error::{Error, Result};
pub use reclassify::{Progress, reclassify};
pub use run::run;
