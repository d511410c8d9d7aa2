//! A process that is killed while its threads record.
//!
//! Not among the other tests: for an instant, a child has the files of its parent, and their locks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, io, thread};

#[path = "../it/harness.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod harness;

use crate::harness::{all_numbers, drain, open, record};

/// Set in the process that is to be killed.
const FOLDER: &str = "SPOOL_TEST_FOLDER";

const THREADS: u128 = 3;

/// Not a test of its own: what the process does that is going to be killed. Each thread says which
/// click it has recorded, after it has.
#[test]
fn records_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let (writer, mut outbox) = open(Path::new(&folder));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let writer = &writer;
            scope.spawn(move || {
                for number in 0_u128.. {
                    let number = number * THREADS + thread;
                    record(writer, number, "some text");
                    // One write, so that lines of several threads do not mix.
                    let line = format!("recorded {number}\n");
                    if io::stderr().write_all(line.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
        scope.spawn(|| {
            loop {
                writer.seal_old();
                // Given out, never acknowledged.
                outbox.next(3);
                thread::sleep(Duration::from_millis(1));
            }
        });
    });
}

#[test]
fn what_was_recorded_before_a_kill_is_there_after_it() {
    for round in 0..5_u64 {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "records_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut acknowledged = BTreeSet::new();
        let mut line = String::new();
        let wanted = 2_000 + 777 * round as usize;
        while lines.read_line(&mut line).unwrap() > 0 {
            if let Some(number) = line.trim_end().strip_prefix("recorded ") {
                acknowledged.insert(number.parse::<u128>().unwrap());
            }
            line.clear();
            if acknowledged.len() == wanted {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(acknowledged.len() >= wanted);

        let (_writer, mut outbox) = open(folder.path());
        let found = all_numbers(&drain(&mut outbox));
        let distinct: BTreeSet<u128> = found.iter().copied().collect();
        assert_eq!(distinct.len(), found.len(), "none is there twice");
        assert!(acknowledged.is_subset(&distinct), "none is lost");
        assert!(distinct.len() <= acknowledged.len() + THREADS as usize);
        assert_eq!(outbox.losses(), spool::Losses::default());
    }
}
