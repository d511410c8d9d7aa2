//! A private PostgreSQL server.

mod cluster;
mod installation;
mod psql;
mod server;
mod settings;

pub(crate) use installation::Installation;
pub(crate) use psql::Psql;
pub use server::{PostgresOptions, PostgresServer, SUPERUSER};
