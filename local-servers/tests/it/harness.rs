//! What the tests share: folders, options, questions to servers, patience.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use local_servers::testing::ThrowAwayDir;
use local_servers::{PostgresOptions, RedisOptions, free_port};

pub(crate) const PASSWORD: &str = "correct-horse";

pub(crate) fn scratch() -> ThrowAwayDir {
    ThrowAwayDir::create().unwrap()
}

pub(crate) fn postgres_in(scratch: &Path) -> PostgresOptions {
    PostgresOptions {
        data_dir: scratch.join("postgres"),
        port: free_port().unwrap(),
        password: PASSWORD.to_owned().into(),
        durable: true,
        bin_dir: None,
    }
}

pub(crate) fn redis_in(scratch: &Path) -> RedisOptions {
    RedisOptions {
        dir: scratch.join("redis"),
        port: free_port().unwrap(),
        password: PASSWORD.to_owned().into(),
        durable: true,
        users: Vec::new(),
        program: None,
    }
}

/// Rows of a query, or psql's complaint.
pub(crate) fn sql(url: &str, query: &str) -> Result<String, String> {
    let mut command = Command::new("psql");
    command.args([
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        url,
        "-c",
        query,
    ]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}

/// Redis' replies to some lines, the first of which is `AUTH`.
pub(crate) fn redis(port: u16, password: &str, lines: &[&str]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let lines = lines.join("\r\n");
    write!(stream, "AUTH {password}\r\n{lines}\r\nQUIT\r\n").unwrap();
    let mut replies = String::new();
    stream.read_to_string(&mut replies).unwrap();
    replies
}

pub(crate) fn runs(pid: u32) -> bool {
    // A zombie has ended; only its parent has not looked yet.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .starts_with(" Z")
    })
}

/// Waits until the condition holds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < give_up, "still not: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
