//! Results as people read them, and as programs do.

mod bars;
mod statistics;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Serialize;

pub(crate) use bars::bars;
pub(crate) use statistics::{Spread, quantile_millis, spread};
pub(crate) use table::Table;

use crate::machine::describe;

/// Where results go.
#[derive(Debug, Args)]
pub(crate) struct Destination {
    /// Folder for the results
    #[arg(
        long,
        global = true,
        default_value = "loadtest/results",
        value_name = "FOLDER"
    )]
    results: PathBuf,

    /// The machine, in the words of the results; found out when absent
    #[arg(long, global = true, value_name = "TEXT")]
    machine: Option<String>,
}

impl Destination {
    /// Prints the text and writes it to `<name>.md`, the raw values to `<name>.json`.
    pub(crate) fn write(&self, name: &str, text: &str, raw: &impl Serialize) -> anyhow::Result<()> {
        let text = format!("{}\nMachine: {}.\n", text.trim_end(), self.machine());
        println!("{text}");
        let raw = serde_json::to_string_pretty(raw)? + "\n";
        write(&self.results.join(format!("{name}.md")), &text)?;
        write(&self.results.join(format!("{name}.json")), &raw)
    }

    /// The machine in words.
    pub(crate) fn machine(&self) -> String {
        self.machine.clone().unwrap_or_else(describe)
    }
}

/// Writes a file, and the folder around it.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
