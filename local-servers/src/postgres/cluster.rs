//! Makes the data of a new server.
//!
//! `initdb` works in `data.new`, which becomes `data` when it is complete. So `data` is either
//! whole or absent, wherever a crash hits.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use secrecy::{ExposeSecret, SecretString};

use super::{Installation, SUPERUSER};
use crate::account::Account;
use crate::folder::Folder;
use crate::{Error, Result, spawn_tied};

/// The data of the server that lives in `folder`.
pub(super) fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// The version of the existing data, or nothing if there is none. `data.new` never counts.
pub(super) fn version(folder: &Path) -> Option<String> {
    let version = fs::read_to_string(data(folder).join("PG_VERSION")).ok()?;
    Some(version.trim().to_owned())
}

/// Runs `initdb`, unless it is done already.
pub(super) fn ensure(
    folder: &Folder,
    installation: &Installation,
    account: Option<&Account>,
    password: &SecretString,
    durable: bool,
) -> Result<()> {
    let unfinished = folder.path().join("data.new");
    let password_file = folder.path().join("initdb.password");
    remove(fs::remove_dir_all(&unfinished), &unfinished)?;
    remove(fs::remove_file(&password_file), &password_file)?;
    let finished = data(folder.path());
    if finished.exists() {
        return Ok(());
    }

    let mut builder = DirBuilder::new();
    let created = builder.mode(0o700).create(&unfinished);
    created.map_err(Error::path("create", &unfinished))?;
    write_password(&password_file, password).map_err(Error::path("write", &password_file))?;
    if let Some(account) = account {
        account.give(&unfinished)?;
        account.give(&password_file)?;
    }

    let mut command = installation.command("initdb");
    command.args([
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--auth=scram-sha-256",
    ]);
    command.arg(format!("--username={SUPERUSER}"));
    command.arg("--pgdata").arg(&unfinished);
    command.arg("--pwfile").arg(&password_file);
    if !durable {
        command.arg("--no-sync");
    }
    let result = run(command, folder, account);
    remove(fs::remove_file(&password_file), &password_file)?;
    result?;

    fs::rename(&unfinished, &finished).map_err(Error::path("finish", &unfinished))?;
    // initdb has synced its files; this makes their new name last as well.
    let synced = File::open(folder.path()).and_then(|folder| folder.sync_all());
    synced.map_err(Error::path("sync", folder.path()))
}

/// Runs `initdb` to its end. It holds the folder's lock too, and dies with us.
fn run(
    mut command: std::process::Command,
    folder: &Folder,
    account: Option<&Account>,
) -> Result<()> {
    let (mut log, log_path) = folder.fresh_log("initdb.log")?;
    let copy = || log.try_clone().map_err(Error::path("open", &log_path));
    command
        .stdin(folder.lock()?)
        .stdout(copy()?)
        .stderr(copy()?);
    command.current_dir(folder.path());
    if let Some(account) = account {
        account.apply(&mut command);
    }
    let mut child = spawn_tied(command, Signal::KILL).map_err(Error::io("start initdb"))?;
    let status = child.wait().map_err(Error::io("wait for initdb"))?;
    if status.success() {
        return Ok(());
    }
    let mut output = String::new();
    let read = log.rewind().and_then(|()| log.read_to_string(&mut output));
    read.map_err(Error::path("read", &log_path))?;
    Err(Error::Failed {
        program: "initdb",
        output,
    })
}

fn write_password(path: &Path, password: &SecretString) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(password.expose_secret().as_bytes())
}

/// What is not there need not be removed.
fn remove(result: io::Result<()>, path: &Path) -> Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.map_err(Error::path("remove", path)),
    }
}
