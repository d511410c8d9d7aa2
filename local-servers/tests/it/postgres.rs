use std::thread;

use local_servers::{PostgresServer, free_port};
use rustix::process::{Pid, Signal, getpgid, kill_process};

use crate::harness::{eventually, postgres_in, runs, scratch, sql};

#[test]
fn a_stop_keeps_the_data() {
    let scratch = scratch();
    let mut options = postgres_in(scratch.path());
    let mut server = PostgresServer::start(options.clone()).unwrap();
    server.create_database_if_missing("linkpulse").unwrap();
    sql(
        &server.url_for("linkpulse"),
        "create table note as select 'kept'::text as text",
    )
    .unwrap();
    let pid = server.pid();
    server.stop().unwrap();
    assert!(!runs(pid));
    assert!(
        server
            .try_wait()
            .unwrap()
            .is_some_and(|status| status.success())
    );

    options.port = free_port().unwrap();
    let server = PostgresServer::start(options).unwrap();
    server.create_database_if_missing("linkpulse").unwrap();
    let kept = sql(&server.url_for("linkpulse"), "select text from note");
    assert_eq!(kept.as_deref(), Ok("kept"));
}

#[test]
fn a_crash_is_noticed_and_a_restart_keeps_the_data() {
    let scratch = scratch();
    let mut server = PostgresServer::start(postgres_in(scratch.path())).unwrap();
    assert!(server.try_wait().unwrap().is_none());
    sql(
        &server.url(),
        "create table note as select 'kept'::text as text",
    )
    .unwrap();

    let pid = Pid::from_raw(server.pid().cast_signed()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    eventually("the end is noticed", || {
        server.try_wait().unwrap().is_some()
    });

    // Its sessions outlive the main process for a moment; the restart waits for them.
    server.restart().unwrap();
    assert_eq!(
        sql(&server.url(), "select text from note").as_deref(),
        Ok("kept")
    );
}

#[test]
fn it_outlives_the_thread_that_started_it() {
    let scratch = scratch();
    let options = postgres_in(scratch.path());
    let mut server = thread::spawn(|| PostgresServer::start(options))
        .join()
        .unwrap()
        .unwrap();
    assert_eq!(sql(&server.url(), "select 1").as_deref(), Ok("1"));
    assert!(server.try_wait().unwrap().is_none());
}

#[test]
fn it_is_private() {
    let scratch = scratch();
    let server = PostgresServer::start(postgres_in(scratch.path())).unwrap();
    let setting = |name: &str| sql(&server.url(), &format!("show {name}")).unwrap();
    assert_eq!(setting("listen_addresses"), "127.0.0.1");
    assert_eq!(setting("unix_socket_directories"), "");
    assert_eq!(setting("server_encoding"), "UTF8");
    assert_eq!(setting("lc_collate"), "C.UTF-8");
    let searched = sql(&server.url(), "select 'Ärger' ilike 'ärger'");
    assert_eq!(searched.as_deref(), Ok("t"), "not only ASCII has two cases");
    assert_eq!(setting("fsync"), "on");

    let refused = sql(
        &server.url().replace("correct-horse", "wrong-horse"),
        "select 1",
    );
    assert!(
        refused
            .unwrap_err()
            .contains("password authentication failed")
    );

    // Ctrl-C reaches the terminal's foreground process group only.
    let pid = Pid::from_raw(server.pid().cast_signed()).unwrap();
    assert_eq!(getpgid(Some(pid)).unwrap(), pid);
}

#[test]
fn names_of_databases_are_quoted() {
    let scratch = scratch();
    let server = PostgresServer::start(postgres_in(scratch.path())).unwrap();
    let name = r#"it's "odd"; \q"#;
    server.create_database_if_missing(name).unwrap();
    server.create_database_if_missing(name).unwrap();
    let found = sql(
        &server.url(),
        "select datname from pg_database where datname like 'it%'",
    );
    assert_eq!(found.as_deref(), Ok(name));
}
