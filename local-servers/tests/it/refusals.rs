//! What can be wrong, and what we say then.

use std::fs;
use std::net::TcpListener;

use local_servers::{Error, PostgresServer, RedisServer};

use crate::harness::{postgres_in, redis_in, runs, scratch, sql};

#[test]
fn a_taken_port() {
    let scratch = scratch();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut options = postgres_in(scratch.path());
    options.port = port;
    let error = PostgresServer::start(options).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("port {port} of 127.0.0.1 is taken")
    );
    let mut options = redis_in(scratch.path());
    options.port = port;
    let error = RedisServer::start(options).unwrap_err();
    assert!(matches!(error, Error::PortTaken { .. }), "{error}");
}

#[test]
fn missing_programs() {
    let scratch = scratch();
    let mut options = postgres_in(scratch.path());
    options.bin_dir = Some(scratch.path().to_path_buf());
    assert_eq!(
        PostgresServer::start(options).unwrap_err().to_string(),
        "PostgreSQL is not installed; on Debian or Ubuntu: apt-get install postgresql"
    );
    let mut options = redis_in(scratch.path());
    options.program = Some(scratch.path().join("redis-server"));
    assert_eq!(
        RedisServer::start(options).unwrap_err().to_string(),
        "Redis is not installed; on Debian or Ubuntu: apt-get install redis-server"
    );
}

#[test]
fn data_of_another_version() {
    let scratch = scratch();
    let options = postgres_in(scratch.path());
    fs::create_dir_all(options.data_dir.join("data")).unwrap();
    fs::write(options.data_dir.join("data/PG_VERSION"), "9\n").unwrap();
    let error = PostgresServer::start(options).unwrap_err();
    assert!(
        error.to_string().ends_with("apt-get install postgresql-9"),
        "{error}"
    );
}

#[test]
fn another_password_than_the_first_time() {
    let scratch = scratch();
    let mut options = postgres_in(scratch.path());
    drop(PostgresServer::start(options.clone()).unwrap());
    options.password = "other-horse".to_owned().into();
    let error = PostgresServer::start(options).unwrap_err();
    assert!(matches!(error, Error::WrongPassword { .. }), "{error}");
}

#[test]
fn a_password_that_needs_quoting() {
    let scratch = scratch();
    let mut options = postgres_in(scratch.path());
    options.password = "p@ss word".to_owned().into();
    let error = PostgresServer::start(options).unwrap_err();
    assert!(matches!(error, Error::UnsuitablePassword), "{error}");
}

#[test]
fn a_folder_in_use() {
    let scratch = scratch();
    let postgres = PostgresServer::start(postgres_in(scratch.path())).unwrap();
    let error = PostgresServer::start(postgres_in(scratch.path())).unwrap_err();
    assert!(matches!(error, Error::FolderInUse { .. }), "{error}");
    assert!(runs(postgres.pid()));
    assert_eq!(sql(&postgres.url(), "select 1").as_deref(), Ok("1"));
}

#[test]
fn damaged_data_is_shown_with_the_log() {
    let scratch = scratch();
    let options = postgres_in(scratch.path());
    drop(PostgresServer::start(options.clone()).unwrap());
    fs::remove_file(options.data_dir.join("data/global/pg_control")).unwrap();
    let error = PostgresServer::start(options).unwrap_err();
    assert!(matches!(error, Error::EndedEarly { .. }), "{error}");
    assert!(error.to_string().contains("pg_control"), "{error}");
}
