//! The machine in words: numbers without it mean nothing.

use std::fs;
use std::process::Command;

use anyhow::Context;

/// Processor, cores, memory, kernel.
pub(crate) fn describe() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let processor = value(&read("/proc/cpuinfo"), "model name").unwrap_or("a processor".into());
    let cores = cores();
    let memory = value(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
    let kibibytes: f64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    let gibibytes = kibibytes / 1024.0 / 1024.0;
    format!(
        "{processor}, {cores} cores, {gibibytes:.0} GiB, Linux {}",
        kernel.trim().split('-').next().unwrap_or_default()
    )
}

/// How many there are, whichever of them this thread may use.
pub(super) fn cores() -> usize {
    let online = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let entries = online.lines().filter(|line| line.starts_with("processor"));
    entries.count().max(1)
}

/// What a program says when it is asked for its version, in one line.
pub(crate) fn version_of(program: &str, argument: &str) -> anyhow::Result<String> {
    let output = Command::new(program).arg(argument).output();
    let output = output.with_context(|| format!("cannot run {program}"))?;
    // nginx says it on standard error.
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

fn value(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    let (_, value) = line.split_once(':')?;
    Some(value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_a_name() {
        let text = describe();
        assert!(
            text.contains(" cores, ") && text.contains(" GiB, Linux "),
            "{text}"
        );
    }
}
