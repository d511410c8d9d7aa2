//! Removes what dead test processes left behind.

use std::fs::{self, DirEntry, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use super::throw_away::{IN_USE, PREFIX};

/// Younger folders are left alone: their owner may be about to lock them.
const YOUNG: Duration = Duration::from_secs(60);

/// Best effort: nothing here is worth failing a test.
pub(super) fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if is_abandoned(&entry).unwrap_or(false)
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::debug!(%error, "an abandoned test folder stays");
        }
    }
}

/// Whether the entry is a folder of ours whose owner is dead. Several processes may find the same
/// one; they remove it together.
fn is_abandoned(entry: &DirEntry) -> io::Result<bool> {
    if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
        return Ok(false);
    }
    let metadata = entry.metadata()?;
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    let age = metadata.modified()?.elapsed().unwrap_or_default();
    if !metadata.is_dir() || !ours || age < YOUNG {
        return Ok(false);
    }
    match File::open(entry.path().join(IN_USE)) {
        Ok(in_use) => Ok(in_use.try_lock().is_ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::SystemTime;

    use super::{IN_USE, PREFIX, YOUNG, sweep};

    #[test]
    fn only_abandoned_folders_go() {
        let parent = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let path = parent.path().join(name);
            fs::create_dir(&path).unwrap();
            let in_use = File::create(path.join(IN_USE)).unwrap();
            (path, in_use)
        };
        let (abandoned, _) = folder(&format!("{PREFIX}abandoned"));
        let (in_use, lock) = folder(&format!("{PREFIX}in-use"));
        let (young, _) = folder(&format!("{PREFIX}young"));
        let (foreign, _) = folder("foreign");
        lock.lock().unwrap();
        for path in [&abandoned, &in_use, &foreign] {
            let old = SystemTime::now() - 2 * YOUNG;
            File::open(path).unwrap().set_modified(old).unwrap();
        }

        sweep(parent.path());
        assert!(!abandoned.exists());
        assert!(in_use.exists() && young.exists() && foreign.exists());
    }
}
