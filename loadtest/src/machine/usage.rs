//! What programs use up.

use std::fs;
use std::ops::{Add, Sub};
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

/// Time that a program has spent on a core.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct CpuTime {
    /// In its own code. Seconds.
    pub(crate) user: f64,
    /// In the kernel, on its behalf. Seconds.
    pub(crate) system: f64,
}

impl CpuTime {
    /// Both together, in seconds. The kernel measures this sum exactly, and the parts by looking
    /// at every tick.
    pub(crate) fn total(self) -> f64 {
        self.user + self.system
    }
}

impl Add for CpuTime {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            user: self.user + other.user,
            system: self.system + other.system,
        }
    }
}

impl Sub for CpuTime {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            user: self.user - other.user,
            system: self.system - other.system,
        }
    }
}

/// Time spent so far by a program and those that it has started (nginx works in a child).
pub(crate) fn cpu_time(pid: u32) -> anyhow::Result<CpuTime> {
    let children = read(&format!("/proc/{pid}/task/{pid}/children"))?;
    let mut sum = own_cpu_time(pid)?;
    for child in children.split_ascii_whitespace() {
        sum = sum + cpu_time(child.parse()?)?;
    }
    Ok(sum)
}

fn own_cpu_time(pid: u32) -> anyhow::Result<CpuTime> {
    let stat = read(&format!("/proc/{pid}/stat"))?;
    ticks(
        &stat,
        Duration::from_secs(1) / rustix::param::clock_ticks_per_second() as u32,
    )
    .with_context(|| format!("cannot understand /proc/{pid}/stat"))
}

fn ticks(stat: &str, tick: Duration) -> Option<CpuTime> {
    // The second field is the program's name, which may hold anything: count behind it. There,
    // fields 14 and 15 are the twelfth and thirteenth.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let mut seconds = || Some(fields.next()?.parse::<f64>().ok()? * tick.as_secs_f64());
    Some(CpuTime {
        user: seconds()?,
        system: seconds()?,
    })
}

/// Memory of a program that is in the machine's memory now.
pub(crate) fn resident_bytes(pid: u32) -> anyhow::Result<u64> {
    status(pid, "VmRSS")
}

/// The part of it that is the program's own: without files that are mapped, which the system can
/// take back at any time.
pub(crate) fn own_bytes(pid: u32) -> anyhow::Result<u64> {
    status(pid, "RssAnon")
}

fn status(pid: u32, field: &str) -> anyhow::Result<u64> {
    let status = read(&format!("/proc/{pid}/status"))?;
    let kibibytes = status.lines().find_map(|line| {
        let value = line.strip_prefix(field)?.strip_prefix(':')?;
        value.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
    });
    let kibibytes = kibibytes.with_context(|| format!("no {field} of {pid}"))?;
    Ok(kibibytes * 1024)
}

fn read(path: &str) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strange_name_does_not_move_the_fields() {
        let stat = "7 (a) 1 2 (b) S 1 1 1 0 -1 4194560 9 0 0 0 150 50 3 4 20 0 1";
        let time = ticks(stat, Duration::from_millis(10)).unwrap();
        assert!((time.user - 1.5).abs() < 1e-9 && (time.system - 0.5).abs() < 1e-9);
    }

    #[test]
    fn our_own_use_can_be_read() {
        let pid = std::process::id();
        let own = own_bytes(pid).unwrap();
        assert!(own > 100_000 && resident_bytes(pid).unwrap() > own);
        assert!(cpu_time(pid).unwrap().total() >= 0.0);
    }
}
