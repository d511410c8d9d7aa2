//! A program that we started.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use local_servers::testing::ThrowAwayDir;
use local_servers::{Signal, TiedChild, free_port, spawn_tied};

use super::Client;

/// How long a start may take. Under valgrind it takes fifty times as long as without.
const START_LIMIT: Duration = Duration::from_secs(120);

/// How long a stop may take before it is a kill.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Between two looks at a program that is starting.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Lines of a log that are shown when a program fails.
const TAIL: usize = 15;

/// A folder that vanishes when we end.
pub(crate) struct Folder(ThrowAwayDir);

impl Folder {
    pub(crate) fn create() -> anyhow::Result<Self> {
        let dir = ThrowAwayDir::create().context("cannot make a temporary folder")?;
        Ok(Self(dir))
    }

    /// A name inside.
    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Where a service listens.
pub(crate) struct Ports {
    /// For everybody.
    pub(crate) public: SocketAddr,
    /// For health and metrics.
    pub(crate) admin: SocketAddr,
}

impl Ports {
    /// Some that nobody uses.
    pub(crate) fn free() -> anyhow::Result<Self> {
        let port = || free_port().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        Ok(Self {
            public: port()?,
            admin: port()?,
        })
    }
}

/// One of our programs, which are built side by side with this one.
pub(crate) fn beside_us(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find the program loadtest itself")?;
    let folder = own.parent().unwrap_or(Path::new("/"));
    let program = folder.join(name);
    if !program.is_file() {
        bail!(
            "the program {name} is missing in {}: run `make bench`, or build the whole workspace \
             with the profile of this program",
            folder.display()
        );
    }
    Ok(program)
}

/// A program that we started. Dropping it kills it.
pub(crate) struct Program {
    name: &'static str,
    child: TiedChild,
    log: PathBuf,
}

impl Program {
    /// Starts it with these settings and no others. What it prints goes into a file.
    pub(crate) fn start(
        name: &'static str,
        mut command: Command,
        settings: &[(&str, String)],
        log: PathBuf,
    ) -> anyhow::Result<Self> {
        let output =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        command.env_clear();
        // taskset and valgrind look for programs.
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let child = spawn_tied(command, Signal::KILL);
        let child = child.with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name, child, log })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// Sends a signal.
    pub(crate) fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        Ok(self.child.signal(signal)?)
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits until `is_ready` says so, or the program ends.
    pub(crate) fn wait_until(
        &mut self,
        mut is_ready: impl FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let answer = is_ready();
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended ({status}); {}", self.name, self.tail());
            }
            match answer {
                Ok(()) => return Ok(()),
                Err(reason) if begun.elapsed() > START_LIMIT => {
                    bail!("{} is not ready: {reason:#}; {}", self.name, self.tail());
                }
                Err(_) => std::thread::sleep(LOOK_AGAIN),
            }
        }
    }

    /// Waits until one of our services says that it can do its work.
    pub(crate) fn wait_ready(&mut self, admin: SocketAddr) -> anyhow::Result<()> {
        self.wait_until(|| {
            let mut client = Client::connect(admin)?;
            client.get("/readyz")?.expect(200)?;
            Ok(())
        })
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        let status = self.child.stop(&[(Signal::TERM, STOP_LIMIT)])?;
        if !status.success() {
            bail!("{} ended badly ({status}); {}", self.name, self.tail());
        }
        Ok(())
    }

    /// The end of what it printed.
    pub(crate) fn tail(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n  ");
        format!("the end of what it printed:\n  {tail}")
    }
}
