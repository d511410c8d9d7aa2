//! A running PostgreSQL.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use secrecy::{ExposeSecret, SecretString};

use super::{Installation, Psql, cluster, settings};
use crate::account::Account;
use crate::folder::Folder;
use crate::port::ensure_free;
use crate::readiness::{Answer, Starting};
use crate::{Error, Result, TiedChild, password, spawn_tied};

/// The only role of a new server; it may do everything.
pub const SUPERUSER: &str = "linkpulse";

/// How a server is called in messages.
const NAME: &str = "PostgreSQL";

/// A fast shutdown ends sessions and writes a checkpoint; the immediate one leaves recovery to
/// the next start.
const ORDERLY: [(Signal, Duration); 2] = [
    (Signal::INT, Duration::from_secs(30)),
    (Signal::QUIT, Duration::from_secs(6)),
];

/// For data that nobody will miss.
const CARELESS: [(Signal, Duration); 1] = [(Signal::QUIT, Duration::from_secs(6))];

/// What to start. The server listens on 127.0.0.1 only.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The server's own folder: data, logs and a lock. Made if missing. When root starts the
    /// server, the account that runs it must be able to enter the folder.
    pub data_dir: PathBuf,
    /// Where it listens, see [`free_port`](crate::free_port). May differ from start to start.
    pub port: u16,
    /// The password of [`SUPERUSER`]. Fixed by the first start in a folder.
    pub password: SecretString,
    /// Whether data must survive a crash of the machine. Without it the server is several times
    /// faster, and after a power cut the folder may be unreadable.
    pub durable: bool,
    /// The folder with PostgreSQL's programs; `None` finds them.
    pub bin_dir: Option<PathBuf>,
}

/// A PostgreSQL server that ends with this process. Dropping it stops it.
#[derive(Debug)]
pub struct PostgresServer {
    options: PostgresOptions,
    installation: Installation,
    child: TiedChild,
}

impl PostgresServer {
    /// Starts the server and waits until it answers a query. Blocks for about a second the first
    /// time; up to a minute if there is a crash to recover from.
    pub fn start(options: PostgresOptions) -> Result<PostgresServer> {
        password::check(&options.password)?;
        let version = cluster::version(&options.data_dir);
        let bin_dir = options.bin_dir.as_deref();
        let installation = Installation::find(bin_dir, version.as_deref(), &options.data_dir)?;
        let account = Account::for_postgres(&options.data_dir)?;
        let folder = Folder::open(&options.data_dir, account.as_ref())?;
        let PostgresOptions {
            password, durable, ..
        } = &options;
        cluster::ensure(&folder, &installation, account.as_ref(), password, *durable)?;
        ensure_free(options.port)?;

        let (log, log_path) = folder.fresh_log("postgres.log")?;
        let mut command = installation.command("postgres");
        command.arg("-D").arg(cluster::data(folder.path()));
        for (name, value) in settings::settings(&options, &installation) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let errors = log.try_clone().map_err(Error::path("open", &log_path))?;
        command.stdin(folder.lock()?).stdout(log).stderr(errors);
        command.current_dir(folder.path());
        if let Some(account) = &account {
            account.apply(&mut command);
        }
        // SIGQUIT: there is nobody left who could wait for an orderly end.
        let child = spawn_tied(command, Signal::QUIT).map_err(Error::io("start PostgreSQL"))?;
        let mut server = PostgresServer {
            options,
            installation,
            child,
        };
        let psql = server.psql();
        let starting = Starting {
            server: NAME,
            port: server.options.port,
            log: &log_path,
        };
        starting.wait(&mut server.child, || ask(&psql))?;
        Ok(server)
    }

    /// Stops the server if it still runs, and starts it with the same options.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        *self = PostgresServer::start(self.options.clone())?;
        Ok(())
    }

    /// The address of the database `postgres`, with the password.
    pub fn url(&self) -> String {
        self.url_for("postgres")
    }

    /// The address of a database, with the password. The name goes in as it is.
    pub fn url_for(&self, database: &str) -> String {
        let PostgresOptions { password, port, .. } = &self.options;
        let password = password.expose_secret();
        format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}")
    }

    /// Creates a database with this name, unless there is one.
    pub fn create_database_if_missing(&self, name: &str) -> Result<()> {
        self.psql().create_database_if_missing(name)
    }

    /// Where the server listens.
    pub fn port(&self) -> u16 {
        self.options.port
    }

    /// The process id of the main process.
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// How the server ended; `None` while it runs.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().map_err(Error::io("watch PostgreSQL"))
    }

    /// Ends all sessions and stops the server, within 40 s whatever happens. A server that has
    /// ended already is fine.
    pub fn stop(&mut self) -> Result<()> {
        let stopped = self.child.stop(&ORDERLY);
        stopped.map(drop).map_err(Error::io("stop PostgreSQL"))
    }

    fn psql(&self) -> Psql {
        Psql {
            installation: self.installation.clone(),
            address: format!(
                "postgres://{SUPERUSER}@127.0.0.1:{}/postgres",
                self.options.port
            ),
            password: Some(self.options.password.clone()),
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let steps: &[_] = if self.options.durable {
            &ORDERLY
        } else {
            &CARELESS
        };
        if let Err(error) = self.child.stop(steps) {
            tracing::warn!(%error, "a private PostgreSQL was not stopped");
        }
    }
}

fn ask(psql: &Psql) -> Answer {
    match psql.run("select 1;", &[]) {
        Ok(_) => Answer::Ready,
        Err(Error::Failed { output, .. }) if output.contains("password authentication failed") => {
            Answer::WrongPassword
        }
        Err(_) => Answer::NotYet,
    }
}
