#![doc = include_str!("../README.md")]

mod account;
mod error;
mod folder;
mod password;
mod port;
mod postgres;
mod readiness;
mod redis;
mod spawner;
pub mod testing;
mod tied_child;

pub use account::usable_state_dir;
pub use error::{Error, Result};
pub use password::random_password;
pub use port::free_port;
pub use postgres::{PostgresOptions, PostgresServer, SUPERUSER};
pub use redis::{RedisAccount, RedisCluster, RedisOptions, RedisServer};
pub use rustix::process::Signal;
pub use spawner::spawn_tied;
pub use tied_child::TiedChild;
