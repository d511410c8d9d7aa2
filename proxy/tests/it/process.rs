//! The process: its exit codes and signals.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use local_servers::{Signal, free_port, spawn_tied, testing};

use crate::harness::{AT_ONCE, LONG_GRACE, PATIENCE, client, eventually, settings};
use crate::tls::Files;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_linkpulse-proxy");

/// The proxy as a program, without a control plane.
pub(crate) fn command(extra: &[(&'static str, String)]) -> Command {
    let url = testing::redis_url();
    let mut command = Command::new(BINARY);
    command.env_clear().stdin(Stdio::null());
    let prefix = testing::unique_prefix();
    let data_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&prefix);
    command.envs(settings(url, &prefix, 1, &data_dir));
    command.envs(extra.iter().cloned());
    command
}

fn run(extra: &[(&'static str, String)]) -> Output {
    command(extra).output().unwrap()
}

#[test]
fn a_wrong_setting_is_one_line_and_exit_code_64() {
    let output = run(&[("LINKPULSE_INTERNAL_SECRET", "hunter2".to_owned())]);
    assert_eq!(output.status.code(), Some(64));
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("LINKPULSE_INTERNAL_SECRET") && !text.contains("hunter2"),
        "{text}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_certificate_without_its_key_is_exit_code_64() {
    let (files, others) = (Files::new(), Files::new());
    let [listen, certificate, key] = files.settings();
    let [.., (_, others_key)] = others.settings();
    let missing = ("LINKPULSE_TLS_KEY", "/does/not/exist".to_owned());
    let no_key = ("LINKPULSE_TLS_KEY", certificate.1.clone());
    let no_certificate = ("LINKPULSE_TLS_CERTIFICATE", key.1.clone());
    let foreign = ("LINKPULSE_TLS_KEY", others_key);
    // The key where its path should be.
    let mistaken = ("LINKPULSE_TLS_KEY_FILE", key.1.clone());
    for (settings, named, reason) in [
        (vec![listen.clone()], "CERTIFICATE", "is required"),
        (
            vec![listen.clone(), certificate.clone()],
            "KEY",
            "is required",
        ),
        (
            vec![certificate.clone(), key.clone()],
            "LISTEN",
            "is required",
        ),
        (
            vec![listen.clone(), certificate.clone(), missing],
            "KEY",
            "cannot read",
        ),
        (
            vec![listen.clone(), certificate.clone(), mistaken],
            "KEY",
            "cannot read",
        ),
        (
            vec![listen.clone(), certificate.clone(), no_key],
            "KEY",
            "private key in PEM",
        ),
        (
            vec![listen.clone(), no_certificate, key],
            "CERTIFICATE",
            "certificate in PEM",
        ),
        (vec![listen, certificate, foreign], "KEY", "no pair"),
    ] {
        let output = run(&settings);
        assert_eq!(output.status.code(), Some(64), "{settings:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(
            text.contains(&format!("{named}: ")) && text.contains(reason),
            "{text}"
        );
        assert!(!text.contains("PRIVATE"), "{text}");
    }
}

#[test]
fn a_taken_port_is_exit_code_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&[("LINKPULSE_PROXY_LISTEN", address.clone())]);
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(
        log.contains("cannot listen on") && log.contains(&address),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_termination_signal_is_exit_code_0() {
    let port = free_port().unwrap();
    let admin = format!("127.0.0.1:{port}");
    let mut command = tokio::task::spawn_blocking({
        let admin = admin.clone();
        let grace = (LONG_GRACE.0, LONG_GRACE.1.to_owned());
        move || command(&[("LINKPULSE_PROXY_ADMIN_LISTEN", admin), grace])
    })
    .await
    .unwrap();
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = spawn_tied(command, Signal::KILL).unwrap();
    let client = client();
    eventually("it runs", async || {
        let answer = client.get(format!("http://{admin}/healthz")).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    })
    .await;

    let started = Instant::now();
    process.signal(Signal::TERM).unwrap();
    let status = process.wait_timeout(PATIENCE).unwrap().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(
        started.elapsed() < AT_ONCE,
        "the grace period is not slept through"
    );
}
