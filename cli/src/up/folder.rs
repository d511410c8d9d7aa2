//! The state folder: one `linkpulse up` at a time works in it.
//!
//! | entry | what it is |
//! |---|---|
//! | `lock` | locked while a `linkpulse up` runs; holds its process id |
//! | `state.json` | ports, passwords, the internal secret; mode 0600 |
//! | `postgres/`, `redis/` | data and logs of the private servers |
//! | `proxy/` | what the proxy keeps over a restart |
//! | `logs/` | what the services print, a file each |

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use local_servers::testing::ThrowAwayDir;
use local_servers::usable_state_dir;

use crate::output::Output;

/// Where the state is unless `--dir` says otherwise.
pub(crate) const DEFAULT: &str = ".linkpulse";

const LOCK: &str = "lock";

/// A look whether a folder is in use takes the lock for a moment, so one refusal is no proof.
const TRIES: u32 = 4;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// A state folder that is ours until the process ends.
pub(crate) struct StateFolder {
    path: PathBuf,
    /// Where it was asked for, if it had to go elsewhere.
    wanted: Option<PathBuf>,
    /// What other commands need to find it.
    argument: String,
    throw_away: Option<ThrowAwayDir>,
    _lock: File,
}

impl StateFolder {
    /// Opens the folder, or makes it.
    pub(crate) fn open(preferred: &Path) -> anyhow::Result<StateFolder> {
        let argument = match preferred == Path::new(DEFAULT) {
            true => String::new(),
            false => format!(" --dir {}", preferred.display()),
        };
        let preferred = std::path::absolute(preferred).context("cannot find the current folder")?;
        let path = usable_state_dir(&preferred);
        let wanted = (path != preferred).then_some(preferred);
        create(&path)?;
        let lock = lock(&path)?;
        Ok(StateFolder {
            path,
            wanted,
            argument,
            throw_away: None,
            _lock: lock,
        })
    }

    /// A new folder that vanishes with this process.
    pub(crate) fn throw_away() -> anyhow::Result<StateFolder> {
        let dir = ThrowAwayDir::create().context("cannot make a temporary folder")?;
        let path = dir.path().join("state");
        create(&path)?;
        let lock = lock(&path)?;
        Ok(StateFolder {
            path,
            wanted: None,
            argument: String::new(),
            throw_away: Some(dir),
            _lock: lock,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether somebody will miss the data.
    pub(crate) fn is_durable(&self) -> bool {
        self.throw_away.is_none()
    }

    /// Where the services' output goes.
    pub(crate) fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// What to add to other commands, so that they find it too.
    pub(crate) fn argument(&self) -> &str {
        &self.argument
    }

    /// Says so when the folder is not where it was asked for.
    pub(crate) fn announce(&self, output: Output) {
        if let Some(wanted) = &self.wanted {
            output.line(format_args!(
                "Data and logs are in {}: PostgreSQL does not run as root, and its account \
                 cannot enter {}.",
                self.path.display(),
                wanted.display()
            ));
        }
    }
}

/// The state folder of the `linkpulse up` that runs there now, if one does.
pub(super) fn in_use(preferred: &Path) -> Option<PathBuf> {
    let path = usable_state_dir(&std::path::absolute(preferred).ok()?);
    let lock = File::open(path.join(LOCK)).ok()?;
    match lock.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(path),
        _ => None,
    }
}

/// Opens a file for writing that only we can read.
pub(super) fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).read(true).write(true).mode(0o600);
    options.open(path)
}

/// Others may pass through (PostgreSQL's account, when we are root) but not look inside.
fn create(path: &Path) -> anyhow::Result<()> {
    let make = |path: &Path, mode| -> std::io::Result<()> {
        if !path.is_dir() {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(mode).create(path)?;
            // Once more, because a strict umask would have taken bits away.
            fs::set_permissions(path, Permissions::from_mode(mode))?;
        }
        Ok(())
    };
    make(path, 0o711)
        .and_then(|()| make(&path.join("logs"), 0o700))
        .with_context(|| format!("cannot create {}", path.display()))
}

fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join(LOCK);
    let mut file =
        private_file(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut tries_left = TRIES;
    loop {
        tries_left -= 1;
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if tries_left > 0 => thread::sleep(BETWEEN_TRIES),
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                bail!(
                    "`linkpulse up` runs in {} already, as process {pid}: use that one, stop it \
                     with Ctrl-C (or `kill {pid}`), or choose another folder with --dir",
                    folder.display()
                );
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
    }
    file.set_len(0)
        .and_then(|()| write!(file, "{}", std::process::id()))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(file)
}
