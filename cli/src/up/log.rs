//! The services' log files.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// A longer file is put aside at the next start. Bytes.
const LONG: u64 = 10 * 1024 * 1024;

/// As much of the end as is looked at. Bytes.
const TAIL: u64 = 8 * 1024;

/// Lines that are shown when a service failed.
const SHOWN: usize = 12;

/// Where a service's output goes, run after run.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    path: PathBuf,
    /// Where the present run begins.
    begin: u64,
}

impl Log {
    /// The file, put aside if it has grown long.
    pub(crate) fn new(path: PathBuf) -> Log {
        if length(&path) > LONG {
            let _ = fs::rename(&path, path.with_extension("log.before"));
        }
        Log { path, begin: 0 }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file for a new run.
    pub(crate) fn open(&mut self) -> std::io::Result<File> {
        self.begin = length(&self.path);
        let mut options = OpenOptions::new();
        options.create(true).append(true).mode(0o600);
        options.open(&self.path)
    }

    /// The last lines of the present run.
    pub(crate) fn tail(&self) -> Vec<String> {
        let read = || -> std::io::Result<String> {
            let mut file = File::open(&self.path)?;
            let end = file.metadata()?.len();
            file.seek(SeekFrom::Start(self.begin.max(end.saturating_sub(TAIL))))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let text = read().unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let begin = lines.len().saturating_sub(SHOWN);
        lines[begin..].iter().map(|line| readable(line)).collect()
    }
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// A log line for people: level, message, then the other fields. Other text stays as it is.
fn readable(line: &str) -> String {
    let Ok(mut fields) = serde_json::from_str::<Map<String, Value>>(line) else {
        return line.to_owned();
    };
    let mut take = |name: &str| fields.remove(name).map(plain).unwrap_or_default();
    let (level, message) = (take("level"), take("message"));
    take("timestamp");
    take("target");
    let mut text = format!("{level:5} {message}");
    for (name, value) in fields {
        text.push_str(&format!(" {name}={}", plain(value)));
    }
    text
}

fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn log_lines_are_made_readable() {
        let line = r#"{"timestamp":"2026-11-22T13:00:00Z","level":"WARN","message":"not ready","condition":"database","attempt":2,"target":"service::admin"}"#;
        assert_eq!(
            readable(line),
            "WARN  not ready attempt=2 condition=database"
        );
        assert_eq!(readable("thread 'main' panicked"), "thread 'main' panicked");
    }

    #[test]
    fn a_tail_shows_the_present_run_only() {
        let dir = local_servers::testing::ThrowAwayDir::create().unwrap();
        let mut log = Log::new(dir.path().join("service.log"));
        writeln!(log.open().unwrap(), "first run").unwrap();
        let mut file = log.open().unwrap();
        assert!(log.tail().is_empty());
        writeln!(file, "second run").unwrap();
        assert_eq!(log.tail(), ["second run"]);
    }
}
