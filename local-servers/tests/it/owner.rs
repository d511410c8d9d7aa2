//! Owners that are killed. The owner is this test binary again, with a folder to work in.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use local_servers::testing::ThrowAway;
use local_servers::{PostgresServer, RedisServer};

use crate::harness::{PASSWORD, eventually, postgres_in, redis, redis_in, runs, scratch, sql};

/// Tells the owner its folder, and that it is one.
const SCRATCH: &str = "LOCAL_SERVERS_TEST_OWNER";

/// Tells the owner to start a server for tests instead.
const THROW_AWAY: &str = "LOCAL_SERVERS_TEST_THROW_AWAY";

#[test]
fn owner_process() {
    let Some(scratch) = env::var_os(SCRATCH).map(PathBuf::from) else {
        return;
    };
    if env::var_os(THROW_AWAY).is_some() {
        let server = ThrowAway::postgres().unwrap();
        let lock = fs::read_link(format!("/proc/{}/fd/0", server.pid())).unwrap();
        let folder = lock.ancestors().nth(2).unwrap().display();
        report(&scratch, &format!("{} {folder}", server.pid()));
        park();
    }
    let postgres = PostgresServer::start(postgres_in(&scratch)).unwrap();
    let redis = RedisServer::start(redis_in(&scratch)).unwrap();
    let (postgres_pid, redis_pid, port) = (postgres.pid(), redis.pid(), redis.port());
    report(&scratch, &format!("{postgres_pid} {redis_pid} {port}"));
    park();
}

/// A report appears whole.
fn report(scratch: &Path, text: &str) {
    fs::write(scratch.join("report.new"), text).unwrap();
    fs::rename(scratch.join("report.new"), scratch.join("report")).unwrap();
}

fn park() -> ! {
    loop {
        thread::park();
    }
}

fn owner(scratch: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "owner::owner_process"])
        .env(SCRATCH, scratch);
    command.stdout(Stdio::null());
    command
}

fn kill(mut owner: Child) {
    owner.kill().unwrap();
    owner.wait().unwrap();
}

#[test]
fn a_killed_owner_leaves_no_server_and_loses_no_data() {
    let scratch = scratch();
    let owner = owner(scratch.path()).spawn().unwrap();
    let report = scratch.path().join("report");
    eventually("the owner reports", || report.exists());
    let report = fs::read_to_string(report).unwrap();
    let numbers: Vec<u32> = report.split(' ').map(|n| n.parse().unwrap()).collect();
    let [postgres_pid, redis_pid, redis_port] = numbers[..] else {
        panic!("three numbers, not {report}");
    };
    assert!(runs(postgres_pid) && runs(redis_pid));
    redis(redis_port.try_into().unwrap(), PASSWORD, &["SET note kept"]);

    kill(owner);
    // At once: the new servers wait until the old ones are gone.
    let postgres = PostgresServer::start(postgres_in(scratch.path())).unwrap();
    assert!(!runs(postgres_pid));
    assert_eq!(sql(&postgres.url(), "select 1").as_deref(), Ok("1"));
    let server = RedisServer::start(redis_in(scratch.path())).unwrap();
    assert!(!runs(redis_pid));
    assert!(redis(server.port(), PASSWORD, &["GET note"]).contains("kept"));
}

#[test]
fn a_killed_test_process_leaves_no_folder() {
    let scratch = scratch();
    let mut command = owner(scratch.path());
    let owner = command
        .env("TMPDIR", scratch.path())
        .env(THROW_AWAY, "1")
        .spawn()
        .unwrap();
    let report = scratch.path().join("report");
    eventually("the owner reports", || report.exists());
    let report = fs::read_to_string(report).unwrap();
    let (pid, folder) = report.split_once(' ').unwrap();
    assert!(runs(pid.parse().unwrap()) && Path::new(folder).exists());

    kill(owner);
    eventually("the server is gone", || !runs(pid.parse().unwrap()));
    eventually("the folder is gone", || !Path::new(folder).exists());
}

#[test]
fn an_owner_killed_during_initdb_leaves_nothing_broken() {
    let scratch = scratch();
    let folder = postgres_in(scratch.path()).data_dir;
    let owner = owner(scratch.path()).spawn().unwrap();
    eventually("initdb is at work", || {
        folder.join("data.new/base").exists()
    });
    kill(owner);
    assert!(
        !folder.join("data").exists(),
        "initdb was faster than this test"
    );
    let server = PostgresServer::start(postgres_in(scratch.path())).unwrap();
    assert_eq!(sql(&server.url(), "select 1").as_deref(), Ok("1"));
    assert!(!folder.join("data.new").exists());
    assert!(!folder.join("initdb.password").exists());
}
