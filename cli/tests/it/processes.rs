//! Looks at `/proc`, because "nothing is left behind" is about processes.

use std::fs;

/// A process and everybody below it, with the times they began: numbers are used again.
pub(crate) struct Family(Vec<(u32, String)>);

impl Family {
    /// The descendants of a process, without itself.
    pub(crate) fn of(ancestor: u32) -> Family {
        let all: Vec<(u32, u32, String)> = fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(|pid| stat(pid).map(|(parent, begun)| (pid, parent, begun)))
            .collect();
        let mut family = Vec::new();
        let mut parents = vec![ancestor];
        while let Some(parent) = parents.pop() {
            for (pid, _, begun) in all.iter().filter(|(_, of, _)| *of == parent) {
                parents.push(*pid);
                family.push((*pid, begun.clone()));
            }
        }
        Family(family)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those that still run, with their names.
    pub(crate) fn alive(&self) -> Vec<String> {
        let lives =
            |(pid, begun): &&(u32, String)| stat(*pid).is_some_and(|(_, now)| now == *begun);
        let name = |(pid, _): &(u32, String)| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            format!("{pid} {}", name.trim())
        };
        self.0.iter().filter(lives).map(name).collect()
    }

    /// The one with this name. PostgreSQL's first process comes before its children.
    pub(crate) fn find(&self, program: &str) -> u32 {
        // The kernel keeps 15 bytes.
        let program = &program[..program.len().min(15)];
        let is_it = |pid: &u32| {
            fs::read_to_string(format!("/proc/{pid}/comm"))
                .is_ok_and(|name| name.trim_end() == program)
        };
        let mut pids = self.0.iter().map(|(pid, _)| *pid);
        pids.find(is_it)
            .unwrap_or_else(|| panic!("no {program} among {:?}", self.alive()))
    }
}

/// Parent and begin of a process that is not dead yet.
fn stat(pid: u32) -> Option<(u32, String)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may contain anything.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let [state, parent, ..] = fields.as_slice() else {
        return None;
    };
    if matches!(*state, "Z" | "X") {
        return None;
    }
    Some((parent.parse().ok()?, (*fields.get(19)?).to_owned()))
}
