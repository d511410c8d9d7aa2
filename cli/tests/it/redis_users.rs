//! A user of Redis for each service, and nothing more than it needs.

use std::process::{Command, Stdio};

use contract::{Keys, RedisUser};
use local_servers::testing::ThrowAwayDir;
use local_servers::{
    RedisAccount, RedisOptions, RedisServer, Signal, free_port, random_password, spawn_tied,
};
use redis::{Connection, RedisResult, Value, cmd};
use secrecy::{ExposeSecret, SecretString};

use crate::harness::{Place, eventually, linkpulse, text};

/// Asks a Redis, as `user` of `url`.
fn connect(url: &str) -> Connection {
    let client = redis::Client::open(url).unwrap();
    client.get_connection().unwrap()
}

fn run(connection: &mut Connection, command: &str) -> RedisResult<Value> {
    let mut words = command.split(' ');
    let mut command = cmd(words.next().unwrap());
    command.arg(words.collect::<Vec<_>>());
    command.query(connection)
}

fn assert_refused(connection: &mut Connection, command: &str) {
    let error = run(connection, command).unwrap_err();
    assert_eq!(error.code(), Some("NOPERM"), "{command}: {error}");
}

fn assert_allowed(connection: &mut Connection, command: &str) {
    // What is wrong with it otherwise is not our matter: `EVALSHA` finds no script.
    if let Err(error) = run(connection, command) {
        assert_ne!(error.code(), Some("NOPERM"), "{command}: {error}");
        assert!(!error.to_string().contains("can't"), "{command}: {error}");
    }
}

#[test]
fn each_may_do_its_own_and_nothing_else() {
    let folder = ThrowAwayDir::create().unwrap();
    // A prefix that means more than itself in a pattern.
    let keys = Keys::new("l*");
    let password: SecretString = random_password();
    let account = |user: RedisUser| RedisAccount {
        name: user.name().to_owned(),
        password: password.clone(),
        rules: user.rules(&keys).unwrap(),
    };
    let server = RedisServer::start(RedisOptions {
        dir: folder.path().join("redis"),
        port: free_port().unwrap(),
        password: random_password(),
        durable: false,
        users: RedisUser::ALL.map(account).into(),
        program: None,
    })
    .unwrap();
    let allowed = [
        (
            RedisUser::Proxy,
            &[
                "PING",
                "INFO server",
                "CLIENT ID",
                "HMGET l*:link:{1}:localhost:a epoch rec",
                "GET l*:heartbeat:{feed}",
                "XRANGE l*:changes:{feed} - +",
                "INCR l*:cap:lnk_1:0",
                "DECR l*:cap:lnk_1:0",
                "GET l*:cap:lnk_1:0",
                "XADD l*:click_events:{0} * v 1",
                "XRANGE l*:click_events:{0} - +",
                "XLEN l*:click_events:{0}",
            ][..],
        ),
        (
            RedisUser::ControlPlane,
            &[
                "INFO server",
                "GET l*:epoch:{feed}",
                "GET l*:position:{1}",
                "EVALSHA 0123456789012345678901234567890123456789 1 l*:position:{1}",
                "SET l*:heartbeat:{feed} x",
                "DEL l*:changes:{feed}",
                "XREVRANGE l*:changes:{feed} + - COUNT 1",
                "PUBLISH l*:invalidate x",
                "GET l*:cap:lnk_1:0",
                "EVALSHA 0123456789012345678901234567890123456789 1 l*:link:{1}:localhost:a",
                "EVALSHA 0123456789012345678901234567890123456789 1 l*:changes:{feed}",
            ],
        ),
        (
            RedisUser::Pipeline,
            &[
                "XGROUP CREATE l*:click_events:{0} pipeline 0 MKSTREAM",
                "XREADGROUP GROUP pipeline me STREAMS l*:click_events:{0} >",
                "XAUTOCLAIM l*:click_events:{0} pipeline me 0 0-0",
                "XPENDING l*:click_events:{0} pipeline",
                "XINFO GROUPS l*:click_events:{0}",
                "XTRIM l*:click_events:{0} MINID 1-0",
                "XACK l*:click_events:{0} pipeline 1-0",
                "XDEL l*:click_events:{0} 1-0",
                "PUBLISH l*:ack:{0} x",
            ],
        ),
    ];
    let refused = [
        (
            RedisUser::Proxy,
            &[
                "EVAL return 0",
                "FLUSHALL",
                "SET l*:link:{1}:localhost:a x",
                "HSET l*:link:{1}:localhost:a rec x",
                "SET l*:heartbeat:{feed} x",
                "XADD l*:changes:{feed} 1-0 change x",
                "XADD l*:cap:lnk_1 * v 1",
                "DEL l*:click_events:{0}",
                "XDEL l*:click_events:{0} 1-0",
                "INCR l*:click_events:{0}",
                "PUBLISH l*:invalidate x",
                "SUBSCRIBE everything",
                "KEYS *",
                "SCAN 0",
                "CONFIG GET requirepass",
                "ACL LIST",
                "CLIENT LIST",
                "CLIENT KILL TYPE normal",
                "SHUTDOWN NOSAVE",
                "MONITOR",
                "HMGET lp:link:{1}:localhost:a rec",
            ][..],
        ),
        (
            RedisUser::ControlPlane,
            &[
                "FLUSHALL",
                "CONFIG GET requirepass",
                "XADD l*:click_events:{0} * v 1",
                "DEL l*:click_events:{0}",
                "PUBLISH l*:ack:{0} x",
                "GET lp:epoch",
                "EVALSHA 0123456789012345678901234567890123456789 1 l*:click_events:{0}",
            ],
        ),
        (
            RedisUser::Pipeline,
            &[
                "FLUSHALL",
                "EVAL return 0",
                "DEL l*:click_events:{0}",
                "HMGET l*:link:{1}:localhost:a rec",
                "XTRIM l*:changes:{feed} MINID 1-0",
                "XACK lp:click_events:{0} pipeline 1-0",
                "PUBLISH l*:invalidate x",
                "CONFIG SET dir /tmp",
            ],
        ),
    ];
    for (user, commands) in allowed {
        let mut connection = connect(&url(&server, user, &password));
        for command in commands {
            assert_allowed(&mut connection, command);
        }
    }
    for (user, commands) in refused {
        let mut connection = connect(&url(&server, user, &password));
        for command in commands {
            assert_refused(&mut connection, command);
        }
    }
}

fn url(server: &RedisServer, user: RedisUser, password: &SecretString) -> String {
    let (name, password) = (user.name(), password.expose_secret());
    format!("redis://{name}:{password}@127.0.0.1:{}/0", server.port())
}

#[test]
fn a_running_system_uses_them() {
    let place = Place::new();
    let up = place.up();
    place.assert_redis_refused_nothing();
    let mut administrator = connect(&place.redis_url("", "redis_password"));
    let clients: String = cmd("CLIENT").arg("LIST").query(&mut administrator).unwrap();
    for user in RedisUser::ALL {
        let name = format!("user={} ", user.name());
        assert!(clients.contains(&name), "{name:?} in {clients}");
    }
    let ours = clients.matches("user=default ").count();
    assert_eq!(ours, 1, "nobody else is the administrator: {clients}");

    let mut proxy = connect(&place.redis_url("linkpulse-proxy", "proxy"));
    for command in [
        "EVAL return 0",
        "FLUSHALL",
        "SET lp:link:a x",
        "XADD lp:changes * change x",
    ] {
        assert_refused(&mut proxy, command);
    }
    drop(up);
}

#[test]
fn a_list_for_a_redis_of_ones_own_can_be_loaded() {
    let printed = linkpulse()
        .arg("redis-acl")
        .env("LINKPULSE_REDIS_KEY_PREFIX", "own")
        .output()
        .unwrap();
    assert!(printed.status.success(), "{}", text(&printed));
    let folder = ThrowAwayDir::create().unwrap();
    let file = folder.path().join("users.acl");
    std::fs::write(&file, &printed.stdout).unwrap();
    let port = free_port().unwrap();
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--save", ""]);
    command
        .args(["--bind", "127.0.0.1", "--aclfile"])
        .arg(&file);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let _server = spawn_tied(command, Signal::KILL).unwrap();
    let notes = String::from_utf8(printed.stderr).unwrap();
    let proxy = notes
        .split_whitespace()
        .find(|word| word.starts_with("redis://linkpulse-proxy:"));
    let proxy = proxy.unwrap().replace(":6379", &format!(":{port}"));
    let client = redis::Client::open(proxy).unwrap();
    eventually("Redis has read the list", || {
        client.get_connection().is_ok()
    });
    let mut proxy = client.get_connection().unwrap();
    assert_allowed(&mut proxy, "XADD own:click_events:{0} * v 1");
    assert_refused(&mut proxy, "XADD lp:click_events:{0} * v 1");

    let refused = linkpulse()
        .arg("redis-acl")
        .env("LINKPULSE_REDIS_KEY_PREFIX", "two words")
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(64), "{}", text(&refused));
}
