//! Folders and servers that vanish with the test process.
//!
//! Each folder has a cleaner: a small shell that reads from us until we end, and then removes the
//! folder. What a cleaner could not remove, a later test process sweeps.

use std::fs::{DirBuilder, File};
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;

use super::sweep::sweep;
use crate::folder::private_file;
use crate::{
    Error, PostgresOptions, PostgresServer, RedisCluster, RedisOptions, RedisServer, Result,
};
use crate::{free_port, random_password};

/// How the names of our folders begin.
pub(super) const PREFIX: &str = "linkpulse-test-";

/// The file that is locked as long as a folder's owner lives.
pub(super) const IN_USE: &str = "in-use";

/// `rm` is repeated, because a server that is about to end may still create a file.
const CLEANER: &str =
    r#"cat >/dev/null; for _ in 1 2 3 4 5 6 7 8 9; do rm -rf -- "$1" && exit; sleep 1; done"#;

/// Somebody may take a free port before the server does.
const PORT_TRIES: u32 = 5;

/// A new folder below the system's folder for temporary files (`TMPDIR`).
#[derive(Debug)]
pub struct ThrowAwayDir {
    path: PathBuf,
    cleaner: Child,
    /// Locked until we end.
    _in_use: File,
}

impl ThrowAwayDir {
    /// Creates the folder. Others may pass through it (PostgreSQL's account, if we are root) but
    /// not look inside.
    pub fn create() -> io::Result<ThrowAwayDir> {
        static SWEEP: Once = Once::new();
        SWEEP.call_once(|| sweep(&std::env::temp_dir()));

        let name = format!("{PREFIX}{:016x}", rand::random::<u64>());
        let path = std::path::absolute(std::env::temp_dir().join(name))?;
        DirBuilder::new().mode(0o711).create(&path)?;
        let in_use = private_file(&path.join(IN_USE))?;
        in_use.lock()?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", CLEANER, "sh"])
            .arg(&path)
            .current_dir("/");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let cleaner = command.process_group(0).spawn()?;
        Ok(ThrowAwayDir {
            path,
            cleaner,
            _in_use: in_use,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ThrowAwayDir {
    fn drop(&mut self) {
        // The end of its input tells the cleaner to begin.
        drop(self.cleaner.stdin.take());
        let _ = self.cleaner.wait();
    }
}

/// A private server in a folder of its own, for tests that stop, freeze or kill it.
#[derive(Debug)]
pub struct ThrowAway<S> {
    // Dropped in this order: the server must not miss its files.
    server: S,
    _dir: ThrowAwayDir,
}

impl ThrowAway<PostgresServer> {
    /// A new and empty PostgreSQL. It may lose what it has confirmed, and is quicker for it.
    pub fn postgres() -> Result<Self> {
        Self::new_postgres(false)
    }

    /// The same, with everything it has confirmed on the disk.
    pub fn durable_postgres() -> Result<Self> {
        Self::new_postgres(true)
    }

    fn new_postgres(durable: bool) -> Result<Self> {
        start(|dir, port| {
            PostgresServer::start(PostgresOptions {
                data_dir: dir.join("postgres"),
                port,
                password: random_password(),
                durable,
                bin_dir: None,
            })
        })
    }
}

impl ThrowAway<RedisServer> {
    /// A new and empty Redis. It forgets everything when it ends.
    pub fn redis() -> Result<Self> {
        Self::new_redis(false)
    }

    /// The same, with everything it has confirmed on the disk.
    pub fn durable_redis() -> Result<Self> {
        Self::new_redis(true)
    }

    fn new_redis(durable: bool) -> Result<Self> {
        start(|dir, port| {
            RedisServer::start(RedisOptions {
                dir: dir.join("redis"),
                port,
                password: random_password(),
                durable,
                users: Vec::new(),
                program: None,
            })
        })
    }
}

impl ThrowAway<RedisCluster> {
    /// Three nodes, new and empty, among which the slots are divided. One that is stopped and
    /// started again comes back without its data.
    pub fn redis_cluster() -> Result<Self> {
        start(|dir, _| RedisCluster::start(dir, 3))
    }
}

impl<S> Deref for ThrowAway<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.server
    }
}

impl<S> DerefMut for ThrowAway<S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.server
    }
}

/// Each try has a new folder too: a new password would not fit the old one.
fn start<S>(start: impl Fn(&Path, u16) -> Result<S>) -> Result<ThrowAway<S>> {
    let mut tries_left = PORT_TRIES;
    loop {
        tries_left -= 1;
        let dir = ThrowAwayDir::create().map_err(Error::io("create a temporary folder"))?;
        match start(dir.path(), free_port()?) {
            Err(Error::PortTaken { .. }) if tries_left > 0 => continue,
            result => return result.map(|server| ThrowAway { server, _dir: dir }),
        }
    }
}
