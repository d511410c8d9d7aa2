//! A private Redis server, or a cluster of them.

mod cluster;
mod damaged;
mod probe;
mod server;

pub use cluster::RedisCluster;
pub use server::{RedisAccount, RedisOptions, RedisServer};
