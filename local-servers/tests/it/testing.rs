use std::path::Path;

use local_servers::Signal;
use local_servers::testing::{self, TestDatabase, ThrowAway};
use local_servers::{PostgresServer, RedisServer, spawn_tied};

use crate::harness::{runs, sql};

#[test]
fn each_test_has_its_own_database() {
    let one = TestDatabase::create("each-test");
    let other = TestDatabase::create("each-test");
    assert_ne!(one.url, other.url);
    sql(&one.url, "create table note()").unwrap();
    let tables = "select count(*) from pg_tables where schemaname = 'public'";
    assert_eq!(sql(&other.url, tables).as_deref(), Ok("0"));
}

#[test]
fn timescaledb_is_there_when_we_say_so() {
    let database = TestDatabase::create("timescaledb");
    let created = sql(&database.url, "create extension timescaledb");
    assert_eq!(
        created.is_ok(),
        testing::has_timescaledb(&database.url),
        "{created:?}"
    );
}

#[test]
fn prefixes_differ() {
    assert_ne!(testing::unique_prefix(), testing::unique_prefix());
    assert!(testing::redis_url().starts_with("redis"));
}

#[test]
fn a_throw_away_server_leaves_nothing() {
    let postgres: ThrowAway<PostgresServer> = ThrowAway::postgres().unwrap();
    let redis: ThrowAway<RedisServer> = ThrowAway::redis().unwrap();
    let pids = [postgres.pid(), redis.pid()];
    let folder = |pid| std::fs::read_link(format!("/proc/{pid}/fd/0")).unwrap();
    let locks = pids.map(|pid| Path::new(&folder(pid)).to_path_buf());
    assert!(
        locks
            .iter()
            .all(|lock| lock.ends_with("lock") && lock.exists())
    );
    drop((postgres, redis));
    assert!(!pids.into_iter().any(runs));
    let folders = locks.map(|lock| lock.parent().unwrap().parent().unwrap().to_path_buf());
    assert!(!folders.iter().any(|folder| folder.exists()));
}

#[test]
fn a_tied_child_can_be_stopped() {
    let mut command = std::process::Command::new("sleep");
    command.arg("600");
    let mut child = spawn_tied(command, Signal::TERM).unwrap();
    assert!(child.try_wait().unwrap().is_none());
    assert!(
        child
            .wait_timeout(std::time::Duration::ZERO)
            .unwrap()
            .is_none()
    );
    let status = child
        .stop(&[(Signal::TERM, std::time::Duration::from_secs(5))])
        .unwrap();
    assert!(!status.success());
    child.signal(Signal::KILL).unwrap();
    assert!(!runs(child.pid()));
}
