//! Which account runs PostgreSQL.
//!
//! PostgreSQL refuses to run as root, and root is who runs things in containers and on small
//! rented machines. Root therefore hands it to the owner of an existing folder, or to the
//! account `postgres` that the package creates. Everybody else runs it themselves.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Error, Result};

/// Where root keeps state when the account of PostgreSQL cannot enter the preferred folder.
const SYSTEM_STATE_DIR: &str = "/var/lib/linkpulse";

/// The account that PostgreSQL's packages create.
const PACKAGE_ACCOUNT: &str = "postgres";

/// The state folder to use: `preferred`, unless we are root and PostgreSQL could not run in it
/// (below `/root`, for example); then `/var/lib/linkpulse`.
pub fn usable_state_dir(preferred: &Path) -> PathBuf {
    match Account::for_postgres(preferred) {
        Ok(Some(account)) if !account.may_enter(preferred) => PathBuf::from(SYSTEM_STATE_DIR),
        _ => preferred.to_path_buf(),
    }
}

/// An account that is not ours.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account that must run PostgreSQL in `folder`; `None` when we can do it ourselves.
    pub(crate) fn for_postgres(folder: &Path) -> Result<Option<Account>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        if let Ok(metadata) = fs::metadata(folder)
            && metadata.uid() != 0
        {
            return Ok(Some(Account {
                name: format!("#{}", metadata.uid()),
                uid: metadata.uid(),
                gid: metadata.gid(),
            }));
        }
        let accounts = fs::read_to_string("/etc/passwd")
            .map_err(Error::path("read", Path::new("/etc/passwd")))?;
        let account = accounts.lines().find_map(named_postgres);
        account.map(Some).ok_or(Error::NoAccount)
    }

    /// Makes `command` run as this account. The standard library drops root's supplementary
    /// groups whenever root sets another user.
    pub(crate) fn apply(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Whether the account can enter `folder`, or the part of its path that exists already.
    /// A process of that account is asked, because permission bits do not tell about access
    /// lists and security modules.
    pub(crate) fn may_enter(&self, folder: &Path) -> bool {
        let Some(existing) = folder.ancestors().find(|path| path.exists()) else {
            return false;
        };
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "cd -- \"$1\"", "sh"]).arg(existing);
        command.current_dir("/").env_clear();
        command.stdin(Stdio::null()).stderr(Stdio::null());
        self.apply(&mut command);
        command.status().is_ok_and(|status| status.success())
    }

    /// Gives a file or folder to the account.
    pub(crate) fn give(&self, path: &Path) -> Result<()> {
        chown(path, Some(self.uid), Some(self.gid)).map_err(Error::path("give away", path))
    }
}

/// Reads one line of `/etc/passwd` (`name:password:uid:gid:…`), if it is the one.
fn named_postgres(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| *name == PACKAGE_ACCOUNT)?;
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account {
        name: name.to_owned(),
        uid,
        gid,
    })
}

#[cfg(test)]
mod tests {
    use super::named_postgres;

    #[test]
    fn reads_the_account_file() {
        let account = named_postgres("postgres:x:101:104:PostgreSQL,,,:/var:/bin/bash").unwrap();
        assert_eq!((account.uid, account.gid), (101, 104));
        assert!(named_postgres("postgrest:x:7:7::/:/bin/sh").is_none());
        assert!(named_postgres("postgres").is_none());
    }
}
