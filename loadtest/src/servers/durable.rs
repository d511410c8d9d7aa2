//! PostgreSQL and Redis as they are where nothing may get lost: what is confirmed is on the disk.

use local_servers::{
    PostgresOptions, PostgresServer, RedisOptions, RedisServer, free_port, random_password,
};

use super::program::Folder;

/// Starts both in this folder.
pub(super) fn durable_servers(folder: &Folder) -> anyhow::Result<(PostgresServer, RedisServer)> {
    let postgres = PostgresServer::start(PostgresOptions {
        data_dir: folder.join("postgres"),
        port: free_port()?,
        password: random_password(),
        durable: true,
        bin_dir: None,
    })?;
    let redis = RedisServer::start(RedisOptions {
        dir: folder.join("redis"),
        port: free_port()?,
        password: random_password(),
        durable: true,
        users: Vec::new(),
        program: None,
    })?;
    Ok((postgres, redis))
}
