use std::fs;
use std::os::unix::fs::PermissionsExt;

use local_servers::testing::ThrowAway;
use local_servers::{RedisCluster, RedisServer, free_port};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{PASSWORD, eventually, redis, redis_in, runs, scratch};

#[test]
fn a_stop_keeps_the_data() {
    let scratch = scratch();
    let mut options = redis_in(scratch.path());
    let mut server = RedisServer::start(options.clone()).unwrap();
    assert!(redis(server.port(), PASSWORD, &["SET note kept"]).contains("+OK"));
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
    let server = RedisServer::start(options).unwrap();
    assert!(redis(server.port(), PASSWORD, &["GET note"]).contains("kept"));
}

#[test]
fn a_crash_is_noticed_and_a_restart_brings_it_back() {
    let scratch = scratch();
    let mut server = RedisServer::start(redis_in(scratch.path())).unwrap();
    assert!(server.try_wait().unwrap().is_none());
    let pid = Pid::from_raw(server.pid().cast_signed()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    eventually("the end is noticed", || {
        server.try_wait().unwrap().is_some()
    });
    server.restart().unwrap();
    assert!(redis(server.port(), PASSWORD, &["PING"]).contains("+PONG"));
}

#[test]
fn a_start_waits_until_the_data_is_read() {
    let scratch = scratch();
    let mut server = RedisServer::start(redis_in(scratch.path())).unwrap();
    let fill = "EVAL \"for i=1,300000 do redis.call('SET','key:'..i,i) end\" 0";
    redis(server.port(), PASSWORD, &[fill]);
    server.restart().unwrap();
    assert!(redis(server.port(), PASSWORD, &["DBSIZE"]).contains(":300000"));
}

#[test]
fn files_that_redis_cannot_read_are_set_aside() {
    let scratch = scratch();
    let mut options = redis_in(scratch.path());
    let mut server = RedisServer::start(options.clone()).unwrap();
    redis(server.port(), PASSWORD, &["SET note lost"]);
    server.stop().unwrap();
    // As a full disk leaves it: zeros where commands should be.
    let files = options.dir.join("appendonlydir");
    let commands = files.join("appendonly.aof.1.incr.aof");
    let mut damaged = fs::read(&commands).unwrap();
    damaged.splice(0..0, [0; 2_961]);
    fs::write(&commands, &damaged).unwrap();

    for _ in 0..2 {
        options.port = free_port().unwrap();
        let mut server = RedisServer::start(options.clone()).unwrap();
        assert!(redis(server.port(), PASSWORD, &["GET note"]).contains("$-1"));
        assert!(redis(server.port(), PASSWORD, &["SET other kept"]).contains("+OK"));
        server.stop().unwrap();
        let kept = options
            .dir
            .join("appendonlydir.damaged/appendonly.aof.1.incr.aof");
        assert_eq!(fs::read(&kept).unwrap(), damaged);
        fs::write(&commands, &damaged).unwrap();
    }
}

#[test]
fn it_is_private() {
    let scratch = scratch();
    let options = redis_in(scratch.path());
    let server = RedisServer::start(options.clone()).unwrap();
    assert!(redis(server.port(), "wrong-horse", &["PING"]).contains("-NOAUTH"));
    let setting = |name: &str| redis(server.port(), PASSWORD, &[&format!("CONFIG GET {name}")]);
    assert!(setting("bind").contains("\r\n127.0.0.1\r\n"));
    assert!(setting("maxmemory-policy").contains("\r\nnoeviction\r\n"));
    assert!(setting("appendonly").contains("\r\nyes\r\n"));
    // Synced for each command, nobody would hear of an edit before the disk has written it.
    assert!(setting("appendfsync").contains("\r\neverysec\r\n"));

    let command_line = fs::read(format!("/proc/{}/cmdline", server.pid())).unwrap();
    assert!(!String::from_utf8_lossy(&command_line).contains(PASSWORD));
    let configuration = fs::metadata(options.dir.join("redis.conf")).unwrap();
    assert_eq!(configuration.permissions().mode() & 0o777, 0o600);
}

#[test]
fn nodes_of_a_cluster_divide_the_slots_and_come_back_empty() {
    let mut cluster = ThrowAway::redis_cluster().unwrap();
    let password = cluster.url();
    let password = password.trim_start_matches("redis-cluster://:");
    let password = password.split('@').next().unwrap().to_owned();
    let port = |cluster: &RedisCluster, number: usize| cluster.nodes()[number].port();
    // Slot 866 of 16384.
    let (owner, other) = (port(&cluster, 0), port(&cluster, 2));
    assert!(redis(owner, &password, &["SET hello there"]).contains("+OK"));
    let moved = format!("-MOVED 866 127.0.0.1:{owner}");
    assert!(redis(other, &password, &["GET hello"]).contains(&moved));

    cluster.node_mut(0).unwrap().restart().unwrap();
    cluster.wait().unwrap();
    assert!(redis(owner, &password, &["GET hello"]).contains("$-1"));
    assert!(redis(other, &password, &["GET hello"]).contains(&moved));
}
