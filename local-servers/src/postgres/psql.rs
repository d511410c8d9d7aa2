//! Asks a server through `psql`, so that this crate needs no database driver.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use secrecy::{ExposeSecret, SecretString};

use super::Installation;
use crate::{Error, Result};

/// Seconds a connection attempt may take. 2 is the least that `psql` accepts.
const CONNECT_SECONDS: &str = "5";

/// How to reach one database.
#[derive(Debug)]
pub(crate) struct Psql {
    pub(crate) installation: Installation,
    /// The address as `psql` takes it. Everybody on this machine can read it while `psql` runs.
    pub(crate) address: String,
    /// The password, unless it is in the address.
    pub(crate) password: Option<SecretString>,
}

impl Psql {
    /// Runs `script` and returns the rows it prints, unaligned. `:'name'` in the script stands
    /// for the quoted value of a variable.
    pub(crate) fn run(&self, script: &str, variables: &[(&str, &str)]) -> Result<String> {
        let mut command = self.installation.command("psql");
        // No start-up file, quiet, bare rows, stop at the first error.
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]);
        for (name, value) in variables {
            command.arg("-v").arg(format!("{name}={value}"));
        }
        command.args(["-f", "-", "-d", &self.address]);
        command.env("PGCONNECT_TIMEOUT", CONNECT_SECONDS);
        if let Some(password) = &self.password {
            command.env("PGPASSWORD", password.expose_secret());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::piped()).process_group(0);

        let mut child = command.spawn().map_err(Error::io("start psql"))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A psql that cannot connect has closed its input; its message tells more.
            let _ = stdin.write_all(script.as_bytes());
        }
        let output = child.wait_with_output().map_err(Error::io("run psql"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(Error::Failed {
            program: "psql",
            output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }

    /// Creates a database with this name, unless there is one.
    pub(crate) fn create_database_if_missing(&self, name: &str) -> Result<()> {
        // template1 is busy whenever TimescaleDB's launcher looks into it; nobody can connect to
        // template0.
        let script = "select format('create database %I template template0', :'name') \
                      where not exists (select from pg_database where datname = :'name') \\gexec";
        self.run(script, &[("name", name)]).map(drop)
    }
}
