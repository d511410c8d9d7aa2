//! Finds PostgreSQL's programs.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Error, Result};

/// Where distributions keep the server, one folder per major version, outside of `PATH`.
const VERSIONED: [(&str, &str); 2] = [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")];

/// The programs we need. They must come from one folder, so that their versions agree.
const PROGRAMS: [&str; 3] = ["postgres", "initdb", "psql"];

/// One installed version.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    bin_dir: PathBuf,
}

impl Installation {
    /// Looks in `only`, if given; else in `PATH`, where `pg_config` points, and in the
    /// distributions' folders, newest first. With `wanted` (the content of a `PG_VERSION` file)
    /// only that major version will do; `folder` is where that file was found.
    pub(crate) fn find(
        only: Option<&Path>,
        wanted: Option<&str>,
        folder: &Path,
    ) -> Result<Installation> {
        let candidates = match only {
            Some(bin_dir) => vec![bin_dir.to_path_buf()],
            None => candidates(),
        };
        let mut complete = candidates.into_iter().filter_map(complete).peekable();
        if complete.peek().is_none() {
            return Err(Error::NotInstalled {
                program: "PostgreSQL",
                package: "postgresql",
            });
        }
        let fits = |it: &Installation| wanted.is_none_or(|wanted| it.major() == wanted);
        complete.find(fits).ok_or_else(|| Error::VersionMissing {
            folder: folder.to_path_buf(),
            wanted: wanted.unwrap_or_default().to_owned(),
        })
    }

    /// One of the programs, with nothing of our environment but the search paths: variables like
    /// `PGDATA` or `PGOPTIONS` would change what it does, and our messages quote English ones.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin_dir.join(program));
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Whether the server can load TimescaleDB.
    pub(crate) fn has_timescaledb(&self) -> bool {
        let told = output(self.command("pg_config").arg("--pkglibdir")).map(PathBuf::from);
        let beside = self.bin_dir.join("../lib");
        let mut libraries = told.into_iter().chain([beside]);
        libraries.any(|folder| folder.join("timescaledb.so").exists())
    }

    /// The major version as `PG_VERSION` files spell it: `15` for `postgres (PostgreSQL) 15.20`.
    fn major(&self) -> String {
        let version = output(self.command("postgres").arg("--version")).unwrap_or_default();
        let number = version.split_whitespace().nth(2).unwrap_or_default();
        let major = number.split(|c: char| !c.is_ascii_digit()).next();
        major.unwrap_or_default().to_owned()
    }
}

/// The folders that may hold PostgreSQL, best first.
fn candidates() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = env::split_paths(&path).collect();
    candidates.extend(output(Command::new("pg_config").arg("--bindir")).map(PathBuf::from));
    for (parent, prefix) in VERSIONED {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let number = |name: &OsStr| name.to_str()?.strip_prefix(prefix)?.parse::<u32>().ok();
        let versions = entries.filter_map(|entry| number(&entry.file_name()));
        let mut versions: Vec<u32> = versions.collect();
        versions.sort_unstable_by(|a, b| b.cmp(a));
        let folder = |version| Path::new(parent).join(format!("{prefix}{version}/bin"));
        candidates.extend(versions.into_iter().map(folder));
    }
    candidates
}

/// The installation that a folder belongs to, if it is whole. Follows links first: a link to
/// `postgres` in `/usr/local/bin` has no `psql` beside it, but its target has.
fn complete(folder: PathBuf) -> Option<Installation> {
    let server = fs::canonicalize(folder.join("postgres")).ok()?;
    let bin_dir = server.parent()?.to_path_buf();
    let whole = PROGRAMS.iter().all(|name| bin_dir.join(name).is_file());
    whole.then_some(Installation { bin_dir })
}

/// What a program prints, if it works.
fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}
