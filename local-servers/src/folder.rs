//! The folder a server works in: `lock`, the log of this run and of the one before.
//!
//! The lock is held by the server process itself, not by us: it inherits the locked file as its
//! standard input. So the lock is free exactly when the last process of the server is gone, also
//! after its owner was killed, and two servers never write the same files.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::{Error, Result};

/// How long a predecessor whose owner died may need to go away. PostgreSQL gives its own
/// children 5 s in an immediate shutdown before it kills them.
const PREDECESSOR: Duration = Duration::from_secs(10);

/// As much of a log as fits in an error message.
const TAIL_BYTES: u64 = 2_000;

/// A folder that nobody else uses.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    lock: File,
}

impl Folder {
    /// Creates the folder where needed and waits until no server works in it.
    pub(crate) fn open(path: &Path, account: Option<&Account>) -> Result<Folder> {
        let path = std::path::absolute(path).map_err(Error::path("find", path))?;
        create(&path, account)?;
        if let Some(account) = account
            && !account.may_enter(&path)
        {
            return Err(Error::FolderNotEnterable {
                folder: path,
                account: account.name.clone(),
            });
        }
        let lock_path = path.join("lock");
        let lock = private_file(&lock_path).map_err(Error::path("open", &lock_path))?;
        let give_up = Instant::now() + PREDECESSOR;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Folder { path, lock }),
                Err(TryLockError::Error(source)) => {
                    return Err(Error::path("lock", &lock_path)(source));
                }
                Err(TryLockError::WouldBlock) if Instant::now() > give_up => {
                    return Err(Error::FolderInUse { folder: path });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A handle that keeps the folder locked for as long as any process holds it.
    pub(crate) fn lock(&self) -> Result<File> {
        let copy = self.lock.try_clone();
        copy.map_err(Error::io("copy the handle of a lock"))
    }

    /// Starts a new log; the one before is kept as `{name}.before`.
    pub(crate) fn fresh_log(&self, name: &str) -> Result<(File, PathBuf)> {
        let path = self.path.join(name);
        match fs::rename(&path, self.path.join(format!("{name}.before"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::path("move", &path)(error));
            }
            _ => {}
        }
        let log = private_file(&path).map_err(Error::path("open", &path))?;
        Ok((log, path))
    }
}

/// Opens a file for appending, readable by its owner alone.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).read(true).append(true).mode(0o600);
    options.open(path)
}

/// The last lines of a log, or nothing.
pub(crate) fn tail(log: &Path) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    read().unwrap_or_default()
}

/// Creates `path` and what is missing above it. Nobody else may look inside; another account
/// that has to work below may pass through.
fn create(path: &Path, account: Option<&Account>) -> Result<()> {
    let mode = if account.is_some() { 0o711 } else { 0o700 };
    let missing: Vec<&Path> = path.ancestors().take_while(|path| !path.exists()).collect();
    for folder in missing.into_iter().rev() {
        match DirBuilder::new().mode(mode).create(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            result => result.map_err(Error::path("create", folder))?,
        }
        // Once more, because a strict umask would have taken bits away.
        fs::set_permissions(folder, Permissions::from_mode(mode))
            .map_err(Error::path("open up", folder))?;
    }
    Ok(())
}
