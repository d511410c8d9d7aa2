//! Users, keys, migrations, health checks.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use local_servers::testing::TestDatabase;

use crate::harness::{linkpulse, text};

#[test]
fn users_and_keys_come_and_go() {
    let database = TestDatabase::create("chores");
    let run = |arguments: &[&str]| on(&database).args(arguments).output().unwrap();

    let too_early = run(&["user", "create", "--email", "ann@example.com"]);
    assert_eq!(too_early.status.code(), Some(1));
    let migrated = text(&run(&["migrate"]));
    assert!(migrated.contains("up to date"), "{migrated}");
    assert!(migrated.contains("plain PostgreSQL"), "{migrated}");
    assert!(run(&["migrate"]).status.success(), "twice is fine");

    let created = run(&["user", "create", "--email", "ann@example.com"]);
    assert!(created.status.success(), "{}", text(&created));
    assert!(text(&created).contains("shown once"));
    let again = text(&run(&["user", "create", "--email", "Ann@example.com"]));
    assert!(again.contains("has a user already"), "{again}");
    let odd = text(&run(&["user", "create", "--email", "ann"]));
    assert!(
        odd.contains("email: this is not an e-mail address"),
        "{odd}"
    );

    let key = text(&run(&["key", "create", "--name", "test"]));
    assert!(key.contains("lp_live_"), "{key}");
    let id = key.split_whitespace().last().unwrap();
    assert!(run(&["key", "revoke", id]).status.success());
    let gone = text(&run(&["key", "revoke", id]));
    assert!(gone.contains("there is no key"), "{gone}");
    let nonsense = text(&run(&["key", "revoke", "key_1"]));
    assert!(nonsense.contains("not the identity of a key"), "{nonsense}");
}

#[test]
fn a_password_can_be_given() {
    let database = TestDatabase::create("chores");
    assert!(
        on(&database)
            .arg("migrate")
            .output()
            .unwrap()
            .status
            .success()
    );
    for (password, expected) in [("tiny\n", 1), ("correct horse battery\n", 0)] {
        let mut child = on(&database)
            .args([
                "user",
                "create",
                "--email",
                "bob@example.com",
                "--password-stdin",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(password.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(expected), "{}", text(&output));
        assert!(!text(&output).contains(password.trim()), "never repeated");
    }
}

#[test]
fn without_an_installation_it_says_which_is_missing() {
    let output = linkpulse()
        .args(["migrate", "--dir", "/does/not/exist"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output);
    assert!(
        said.contains("Set DATABASE_URL, or start `linkpulse up` first"),
        "{said}"
    );
}

#[test]
fn health_is_an_exit_code() {
    let answer_with = |answer: &'static str| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/readyz", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            use std::io::Read;
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let output = linkpulse().args(["healthcheck", &url]).output().unwrap();
        server.join().unwrap();
        output
    };
    let ready = answer_with("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    assert!(ready.status.success(), "{}", text(&ready));
    let waiting = answer_with(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 43\r\n\r\n\
         {\"waiting_for\":{\"database\":\"no connection\"}}",
    );
    assert_eq!(waiting.status.code(), Some(1));
    let said = text(&waiting);
    assert!(
        said.contains("503") || said.contains("no connection"),
        "{said}"
    );
    let nobody = linkpulse()
        .args(["healthcheck", "http://127.0.0.1:1/readyz"])
        .output()
        .unwrap();
    assert_eq!(nobody.status.code(), Some(1));
}

fn on(database: &TestDatabase) -> Command {
    let mut command = linkpulse();
    command.env("DATABASE_URL", &database.url);
    command.env("LINKPULSE_ANALYTICS_ENGINE", "postgres");
    command
}
