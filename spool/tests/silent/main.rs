//! Recording a click makes no system call: the thread that records is allowed none, and would be
//! killed by the first, its process with it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use std::{env, hint, thread};

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, apply_filter};
use spool::Recorded;

#[path = "../it/harness.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod harness;

use crate::harness::{click, options};

/// Set in the process that records.
const FOLDER: &str = "SPOOL_TEST_FOLDER";

/// Clicks without a pause: less than a segment takes, and two lie ready.
const BURST: u64 = 100;

/// Enough for a hundred segments.
const BURSTS: u64 = 200;

/// The signal for a system call that is not allowed, on all systems that have such filters.
const SIGSYS: i32 = 31;

/// Allows this thread no system call from now on.
fn allow_nothing() {
    // A rule is needed. This call belongs to no program: its number is not in use.
    let nobodys: BTreeMap<i64, Vec<SeccompRule>> = [(9_999, Vec::new())].into();
    let filter = SeccompFilter::new(
        nobodys,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        env::consts::ARCH.try_into().unwrap(),
    );
    let filter: BpfProgram = filter.unwrap().try_into().unwrap();
    apply_filter(&filter).unwrap();
}

/// Not a test of its own: what the process does that is looked at.
#[test]
fn records_in_silence() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let (writer, mut outbox) = spool::open(options(Path::new(&folder))).unwrap();
    // Looks of the one who makes room.
    let looks = AtomicU64::new(0);
    let (is_done, is_told) = (AtomicBool::new(false), AtomicBool::new(false));
    let text = "so long that there are many segments ".repeat(8);
    thread::scope(|scope| {
        scope.spawn(|| {
            allow_nothing();
            for burst in 0..BURSTS {
                for number in 0..BURST {
                    let number = u128::from(burst * BURST + number);
                    assert_eq!(writer.record(&click(number, &text)), Recorded::Kept);
                }
                // A look that began after the burst has made room for the next one.
                let next = looks.load(Ordering::Acquire) + 2;
                while looks.load(Ordering::Acquire) < next {
                    hint::spin_loop();
                }
            }
            is_done.store(true, Ordering::Release);
            while !is_told.load(Ordering::Acquire) {
                hint::spin_loop();
            }
            // The end of the process, if a system call is what it should be.
            thread::yield_now();
        });
        loop {
            writer.make_spares().unwrap();
            looks.fetch_add(1, Ordering::Release);
            writer.seal_old();
            for block in outbox.next(usize::MAX) {
                outbox.acknowledge(block.id);
            }
            if is_done.load(Ordering::Acquire) {
                eprintln!("all recorded");
                is_told.store(true, Ordering::Release);
            }
            thread::sleep(Duration::from_micros(100));
        }
    });
}

#[test]
fn recording_makes_no_system_call() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "records_in_silence", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("all recorded"), "{said}");
    assert_eq!(
        output.status.signal(),
        Some(SIGSYS),
        "the next one is fatal"
    );
}
