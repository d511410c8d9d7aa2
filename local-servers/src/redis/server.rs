//! A running Redis.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use rustix::process::Signal;
use secrecy::{ExposeSecret, SecretString};

use super::{damaged, probe};
use crate::folder::{Folder, private_file};
use crate::port::ensure_free;
use crate::readiness::Starting;
use crate::{Error, Result, TiedChild, password, spawn_tied};

/// How a server is called in messages.
const NAME: &str = "Redis";

/// SIGTERM makes Redis write what it holds back and end. It is busy at most for one script.
const ORDERLY: [(Signal, Duration); 1] = [(Signal::TERM, Duration::from_secs(15))];

/// What to start. The server listens on 127.0.0.1 only.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// The server's own folder: data, log, configuration and a lock. Made if missing.
    pub dir: PathBuf,
    /// Where it listens, see [`free_port`](crate::free_port). May differ from start to start.
    pub port: u16,
    /// The password. May differ from start to start.
    pub password: SecretString,
    /// Whether data survives a restart. A crash of the machine still costs the last two seconds, and one of
    /// Redis may if its disk is slow.
    pub durable: bool,
    /// Users beside the one of the password, who may do everything.
    pub users: Vec<RedisAccount>,
    /// The server's program; `None` finds `redis-server` in `PATH`.
    pub program: Option<PathBuf>,
}

/// A user of a Redis server.
#[derive(Debug, Clone)]
pub struct RedisAccount {
    /// The name.
    pub name: String,
    /// The password.
    pub password: SecretString,
    /// What the user may do: rules as `ACL SETUSER` takes them. Whoever writes them sees to it that
    /// they are one line.
    pub rules: String,
}

/// A Redis server that ends with this process. Dropping it stops it.
#[derive(Debug)]
pub struct RedisServer {
    options: RedisOptions,
    /// Where it talks to the other nodes of its cluster, if it has one.
    bus_port: Option<u16>,
    child: TiedChild,
}

impl RedisServer {
    /// Starts the server and waits until it has read its data and answers. Data of which it says that
    /// they are damaged are set aside, and the server starts empty.
    pub fn start(options: RedisOptions) -> Result<RedisServer> {
        RedisServer::start_with(options, None)
    }

    /// As [`start`](Self::start), as a node of a cluster if there is a port for that.
    pub(super) fn start_with(options: RedisOptions, bus_port: Option<u16>) -> Result<RedisServer> {
        password::check(&options.password)?;
        for user in &options.users {
            password::check(&user.password)?;
        }
        let folder = Folder::open(&options.dir, None)?;
        ensure_free(options.port)?;
        bus_port.map_or(Ok(()), ensure_free)?;
        write_configuration(&options, bus_port, &folder)?;
        match RedisServer::start_in(&folder, options.clone(), bus_port) {
            Err(Error::EndedEarly { tail, .. }) if damaged::set_aside(folder.path(), &tail)? => {
                RedisServer::start_in(&folder, options, bus_port)
            }
            started => started,
        }
    }

    fn start_in(
        folder: &Folder,
        options: RedisOptions,
        bus_port: Option<u16>,
    ) -> Result<RedisServer> {
        let (log, log_path) = folder.fresh_log("redis.log")?;
        let errors = log.try_clone().map_err(Error::path("open", &log_path))?;
        let program = options.program.clone();
        let mut command = Command::new(program.unwrap_or_else(|| "redis-server".into()));
        // Inside its folder, the configuration needs no path, and so no quoting of one.
        command.arg("redis.conf").current_dir(folder.path());
        command.stdin(folder.lock()?).stdout(log).stderr(errors);
        let death_signal = if options.durable {
            Signal::TERM
        } else {
            Signal::KILL
        };
        let child = spawn_tied(command, death_signal).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::NotInstalled {
                program: NAME,
                package: "redis-server",
            },
            _ => Error::io("start Redis")(error),
        })?;
        let mut server = RedisServer {
            options,
            bus_port,
            child,
        };
        let RedisOptions { port, password, .. } = &server.options;
        let starting = Starting {
            server: NAME,
            port: *port,
            log: &log_path,
        };
        let ask = || probe::ask(*port, password.expose_secret());
        starting.wait(&mut server.child, ask)?;
        Ok(server)
    }

    /// Stops the server if it still runs, and starts it with the same options.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        *self = RedisServer::start_with(self.options.clone(), self.bus_port)?;
        Ok(())
    }

    /// The address of database 0, with the password.
    pub fn url(&self) -> String {
        let RedisOptions { password, port, .. } = &self.options;
        format!("redis://:{}@127.0.0.1:{port}/0", password.expose_secret())
    }

    /// Sends commands, one in a line, and returns all replies as they came.
    pub(super) fn ask(&self, commands: &[String]) -> Result<String> {
        let RedisOptions { password, port, .. } = &self.options;
        probe::converse(*port, password.expose_secret(), &commands.join("\r\n"))
            .map_err(Error::io("ask Redis"))
    }

    /// The password.
    pub(super) fn password(&self) -> &SecretString {
        &self.options.password
    }

    /// Where it talks to the other nodes of its cluster.
    pub(super) fn bus_port(&self) -> Option<u16> {
        self.bus_port
    }

    /// Where the server listens.
    pub fn port(&self) -> u16 {
        self.options.port
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// How the server ended; `None` while it runs.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().map_err(Error::io("watch Redis"))
    }

    /// Stops the server, within 15 s whatever happens. A server that has ended already is fine.
    pub fn stop(&mut self) -> Result<()> {
        let stopped = self.child.stop(&ORDERLY);
        stopped.map(drop).map_err(Error::io("stop Redis"))
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::warn!(%error, "a private Redis was not stopped");
        }
    }
}

/// Writes `redis.conf`. The password is there, and not on the command line, because everybody on
/// the machine can read command lines.
fn write_configuration(
    options: &RedisOptions,
    bus_port: Option<u16>,
    folder: &Folder,
) -> Result<()> {
    let RedisOptions {
        port,
        password,
        durable,
        users,
        ..
    } = options;
    let password = password.expose_secret();
    let append_only = if *durable { "yes" } else { "no" };
    // What the last second holds is elsewhere too. Synced more often, a slow disk would keep everybody
    // waiting who asks Redis: decision 17. No snapshots: the append-only file is complete without them,
    // and a failed one makes Redis refuse writes.
    let mut configuration = format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {password}\ndaemonize no\ndir ./\nsave \"\"\n\
         appendonly {append_only}\nappendfsync everysec\nmaxmemory-policy noeviction\n"
    );
    if let Some(bus_port) = bus_port {
        // A node that is away is noticed soon, and what the others hold stays within reach.
        configuration.push_str(&format!(
            "cluster-enabled yes\ncluster-config-file nodes.conf\ncluster-port {bus_port}\n\
             cluster-announce-ip 127.0.0.1\ncluster-node-timeout 1000\n\
             cluster-require-full-coverage no\n"
        ));
    }
    for RedisAccount {
        name,
        password,
        rules,
    } in users
    {
        let password = password.expose_secret();
        configuration.push_str(&format!("user {name} >{password} {rules}\n"));
    }
    let path = folder.path().join("redis.conf");
    let written = private_file(&path).and_then(|mut file| {
        file.set_len(0)?;
        file.write_all(configuration.as_bytes())
    });
    written.map_err(Error::path("write", &path))?;
    // The file may be older than us, and more open.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&path, mode).map_err(Error::path("close off", &path))
}
