//! Who runs on which core. The server under test has one to itself; the load, and the Redis that
//! takes the clicks, have the other.

use std::ffi::OsStr;
use std::num::NonZeroU64;
use std::path::Path;
use std::process::Command;

use super::description::cores;
use anyhow::{Context, ensure};
use rustix::process::{Pid, getpriority_process, setpriority_process};
use rustix::thread::{CpuSet, sched_setaffinity, set_current_timer_slack};

/// For the server under test.
pub(crate) const SERVER_CORE: usize = 0;

/// For everything else.
pub(crate) const LOAD_CORE: usize = 1;

/// How much nicer than others. Ten steps are a tenth of the time.
const NICER: i32 = 10;

/// The nicest.
const NICEST: i32 = 19;

/// A command that runs `program` on one core, from its first instruction: a runtime that counts
/// cores finds one.
pub(crate) fn on_core(core: usize, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string()]).arg(program);
    command
}

/// Keeps this thread on one core.
pub(crate) fn pin_this_thread(core: usize) -> anyhow::Result<()> {
    let cores = cores();
    ensure!(
        cores > core,
        "this needs {} cores, and there is {cores}",
        core + 1
    );
    sched_setaffinity(None, &set(core)).context("cannot choose a core")
}

/// Keeps this thread, and all programs that are started from now on, on the first two cores.
pub(crate) fn keep_to_two_cores() -> anyhow::Result<()> {
    ensure!(cores() >= 2, "this needs 2 cores");
    let mut both = set(SERVER_CORE);
    both.set(LOAD_CORE);
    sched_setaffinity(None, &both).context("cannot choose cores")
}

/// Keeps all threads of a program on one core.
pub(crate) fn pin_process(pid: u32, core: usize) -> anyhow::Result<()> {
    let threads = Path::new("/proc").join(pid.to_string()).join("task");
    for thread in threads.read_dir().context("cannot list threads")? {
        let name = thread?.file_name();
        let id = name.to_str().and_then(|name| name.parse().ok());
        // One that has ended needs no core.
        if let Some(id) = id.and_then(Pid::from_raw) {
            let _ = sched_setaffinity(Some(id), &set(core));
        }
    }
    Ok(())
}

/// Lets everybody else on its core go first.
pub(crate) fn lower_priority(pid: u32) -> anyhow::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let priority = getpriority_process(pid)?.saturating_add(NICER).min(NICEST);
    setpriority_process(pid, priority).context("cannot lower a priority")
}

/// Lets this thread wake up when it wants to, and not up to 50 µs later, as Linux does to save
/// energy.
pub(crate) fn fine_timers() -> anyhow::Result<()> {
    set_current_timer_slack(Some(NonZeroU64::MIN)).context("cannot ask for exact timers")
}

fn set(core: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(core);
    set
}
