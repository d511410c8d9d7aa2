//! `linkpulse up` with private servers.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Place, eventually, get, is_free, text};
use crate::processes::Family;

/// PostgreSQL, Redis and three services; PostgreSQL has children of its own.
const LEAST_FAMILY: usize = 5;

#[test]
fn a_check_proves_itself_and_leaves_nothing_but_data() {
    let place = Place::new();

    let first = place.run(&["up", "--check", "--email", "ann@example.com"]);
    let first_text = text(&first);
    assert!(first.status.success(), "{first_text}");
    for said in ["Count the click … done in", "ann@example.com", "shown once"] {
        assert!(first_text.contains(said), "{said:?} in {first_text}");
    }
    assert!(!first_text.contains("Delete it again"), "{first_text}");
    for port in place.ports() {
        assert!(is_free(port), "something listens on {port}");
    }
    let state_file = place.state_dir().join("state.json");
    let mode = fs::metadata(&state_file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = place.state();
    let api_key = word_with(&first_text, "lp_live_");
    let password = line_after(&first_text, "Password");
    let remembered = fs::read_to_string(&state_file).unwrap();
    assert!(!remembered.contains(api_key) && !remembered.contains(password));

    let second = place.run(&["up", "--check"]);
    let second_text = text(&second);
    assert!(second.status.success(), "{second_text}");
    assert!(second_text.contains("ann@example.com"), "{second_text}");
    assert!(
        second_text.contains("Delete it again … done in"),
        "{second_text}"
    );
    assert!(!second_text.contains("shown once"), "{second_text}");
    assert_eq!(before, place.state());
}

#[test]
fn what_dies_is_started_again_and_ctrl_c_ends_it_all() {
    let place = Place::new();
    let mut up = place.up();
    let output = up.output();
    let family = Family::of(up.pid());
    assert!(family.len() >= LEAST_FAMILY, "{:?}", family.alive());
    let first_link = word_with(&output, "http://localhost:");
    assert!(first_link.ends_with("/console/"), "{first_link}");
    assert_eq!(get(&place.url("/console/")), Some(200));
    let code = output
        .lines()
        .find(|line| line.contains("First link"))
        .and_then(|line| line.rsplit('/').next())
        .unwrap();
    let link = place.url(&format!("/{code}"));
    assert_eq!(get(&link), Some(302));

    // A second one in the same folder.
    let second = place.run(&["up"]);
    assert_eq!(second.status.code(), Some(1));
    let refusal = text(&second);
    assert!(refusal.contains(&up.pid().to_string()), "{refusal}");
    assert!(refusal.contains("already"), "{refusal}");

    // Commands find the running one.
    let key = text(&place.run(&["key", "create", "--name", "while it runs"]));
    assert!(key.contains("lp_live_"), "{key}");
    let doctor = place.run(&["doctor"]);
    assert!(doctor.status.success(), "{}", text(&doctor));

    for program in [
        "linkpulse-proxy",
        "linkpulse-pipeline",
        "linkpulse-control-plane",
        "redis-server",
        "postgres",
    ] {
        let before = up.output().matches("runs again").count();
        let pid = Family::of(up.pid()).find(program);
        send(pid, Signal::KILL);
        eventually(&format!("{program} runs again"), || {
            up.output().matches("runs again").count() > before
        });
        eventually("the link answers", || get(&link) == Some(302));
    }
    up.wait_for("restarting in 0.1 s");

    let family = Family::of(up.pid());
    up.signal(Signal::INT);
    let status = up.wait();
    assert_eq!(status.code(), Some(0));
    assert_eq!(family.alive(), Vec::<String>::new());
    for port in place.ports() {
        assert!(is_free(port), "something listens on {port}");
    }
}

#[test]
fn nothing_survives_when_it_is_killed() {
    let place = Place::new();
    let up = place.up();
    let family = Family::of(up.pid());
    assert!(family.len() >= LEAST_FAMILY, "{:?}", family.alive());
    up.signal(Signal::KILL);
    up.wait();
    eventually("everything has ended", || family.alive().is_empty());

    // The data is fine, and the ports are the same.
    let before = place.state();
    let after = place.run(&["up", "--check"]);
    assert!(after.status.success(), "{}", text(&after));
    assert_eq!(before, place.state());
}

#[test]
fn a_second_ctrl_c_waits_for_nobody() {
    let place = Place::new();
    let mut up = place.up();
    let family = Family::of(up.pid());
    // One that takes its full grace period to stop.
    send(family.find("linkpulse-proxy"), Signal::STOP);
    up.signal(Signal::INT);
    up.wait_for("Stopping");
    // Sooner it would count as the same wish.
    std::thread::sleep(Duration::from_millis(500));
    up.signal(Signal::INT);
    assert_eq!(up.wait().code(), Some(130));
    eventually("everything has ended", || family.alive().is_empty());
}

#[test]
fn another_port_is_taken_when_8080_is_not_free() {
    let place = Place::new();
    // Fails when somebody else has it, which is as good.
    let _somebody = TcpListener::bind((Ipv4Addr::LOCALHOST, 8080));
    let check = place.run(&["up", "--check"]);
    assert!(check.status.success(), "{}", text(&check));
    let port = place.state()["ports"]["proxy"].as_u64().unwrap();
    assert!((8081..8200).contains(&port), "{port}");
}

#[test]
fn a_command_can_have_a_system_of_its_own() {
    let place = Place::new();
    let script = r#"echo "at $LINKPULSE_E2E_URL for $LINKPULSE_E2E_EMAIL ${#LINKPULSE_E2E_PASSWORD}"; exit 3"#;
    let run = place.run_last(&["up", "--run"], &["sh", "-c", script]);
    let said = text(&run);
    assert_eq!(run.status.code(), Some(3), "{said}");
    assert!(said.contains("at http://localhost:"), "{said}");
    assert!(said.contains("for owner@localhost 23"), "{said}");
    assert!(!place.state_dir().exists(), "it has a folder of its own");
}

fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// The first word that begins so.
fn word_with<'a>(text: &'a str, beginning: &str) -> &'a str {
    let mut words = text.split_whitespace();
    words.find(|word| word.starts_with(beginning)).unwrap()
}

/// The rest of the line that begins so.
fn line_after<'a>(text: &'a str, beginning: &str) -> &'a str {
    let mut lines = text.lines().map(str::trim);
    lines
        .find_map(|line| line.strip_prefix(beginning))
        .unwrap()
        .trim()
}
