#![doc = include_str!("../README.md")]

pub mod admin;
pub mod env;
pub mod lifecycle;
mod page_style;
mod redis_address;
#[cfg(feature = "redis")]
mod redis_nodes;
pub mod redis_slots;
pub mod settings;
pub mod telemetry;

pub use admin::Readiness;
pub use env::{Environment, SettingError};
pub use lifecycle::Lifecycle;
pub use page_style::style_source;
pub use redis_address::RedisAddress;
#[cfg(feature = "redis")]
pub use redis_nodes::RedisNodes;

/// Makes *ring* the one TLS provider of this process. First line of every `main`.
///
/// Some dependencies bring ring and others would bring another provider; with two in one process
/// rustls panics at the first handshake.
pub fn install_tls_provider() {
    // An error means that one is installed already, by an earlier test in the same process.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
