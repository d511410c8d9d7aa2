//! Reads what callgrind writes. `callgrind_annotate` gives everything to one function if the counts
//! were written while the program ran.
//!
//! <https://valgrind.org/docs/manual/cl-format.html>

use std::collections::HashMap;

use anyhow::{Context, ensure};

/// Instructions of a program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) total: u64,
    /// By function, without what it calls; most first.
    pub(super) functions: Vec<(String, u64)>,
}

impl Profile {
    /// Reads a file of counts, with one event (instructions) at positions of one number (lines).
    pub(super) fn read(text: &str) -> anyhow::Result<Self> {
        let mut names: HashMap<&str, &str> = HashMap::new();
        let mut counts: HashMap<&str, u64> = HashMap::new();
        let mut function = "";
        let mut is_callee = false;
        let mut total = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("fn=") {
                function = learn(&mut names, name);
            } else if let Some(name) = line.strip_prefix("cfn=") {
                learn(&mut names, name);
            } else if line.starts_with("calls=") {
                // What the callee used up, which is counted there.
                is_callee = true;
            } else if let Some(number) = line.strip_prefix("totals:") {
                total = Some(number.trim().parse()?);
            } else if line.starts_with(['+', '-', '*'])
                || line.starts_with(|c: char| c.is_ascii_digit())
            {
                if std::mem::take(&mut is_callee) {
                    continue;
                }
                let count = line.split(' ').nth(1).unwrap_or_default();
                let count: u64 = count.parse().with_context(|| format!("no count: {line}"))?;
                *counts.entry(function).or_default() += count;
            }
        }
        let total = total.context("a file of counts without a total")?;
        let sum: u64 = counts.values().sum();
        ensure!(
            sum == total,
            "the counts sum up to {sum} instead of {total}"
        );
        let name = |id| (*names.get(id).unwrap_or(&id)).to_owned();
        let mut functions: Vec<_> = counts
            .into_iter()
            .map(|(id, count)| (name(id), count))
            .collect();
        functions.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        Ok(Self { total, functions })
    }
}

/// The number of a function: `(12) name` the first time, `(12)` from then on.
fn learn<'t>(names: &mut HashMap<&'t str, &'t str>, text: &'t str) -> &'t str {
    let (id, name) = text.split_once(' ').unwrap_or((text, ""));
    if !name.is_empty() {
        names.insert(id, name);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_where_they_lead() {
        let text = "events: Ir\nfn=(1) main\n1 10\ncfn=(2) inner\ncalls=3 5\n2 70\n+1 5\n\n\
                    fn=(2)\n5 60\n* 10\n\ntotals: 85\n";
        let profile = Profile::read(text).unwrap();
        let expected = [("inner".to_owned(), 70), ("main".to_owned(), 15)];
        assert_eq!(profile.functions, expected);
        assert_eq!(profile.total, 85);
        assert!(Profile::read(&text.replace("85", "86")).is_err());
    }
}
