//! A private Redis server.

mod probe;
mod server;

pub use server::{RedisAccount, RedisOptions, RedisServer};
