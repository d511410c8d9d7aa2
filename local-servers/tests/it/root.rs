//! What differs when root starts the servers. Without root there is nothing to see here.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use local_servers::{Error, PostgresServer, usable_state_dir};

use crate::harness::{postgres_in, scratch};

fn we_are_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_folder_that_postgres_cannot_enter() {
    // Such folders have mode 700, like /root.
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), Permissions::from_mode(0o700)).unwrap();
    if !we_are_root() {
        assert_eq!(usable_state_dir(closed.path()), closed.path());
        return;
    }
    let error = PostgresServer::start(postgres_in(closed.path())).unwrap_err();
    assert!(matches!(error, Error::FolderNotEnterable { .. }), "{error}");
    let state = closed.path().join("not/yet/there");
    assert_eq!(usable_state_dir(&state), Path::new("/var/lib/linkpulse"));
    let scratch = scratch();
    let state = scratch.path().join("not/yet/there");
    assert_eq!(usable_state_dir(&state), state);
}

#[test]
fn root_keeps_the_owner_of_a_folder() {
    if !we_are_root() {
        return;
    }
    let scratch = scratch();
    let options = postgres_in(scratch.path());
    let server = PostgresServer::start(options.clone()).unwrap();
    let data = fs::metadata(options.data_dir.join("data")).unwrap();
    let process = fs::metadata(format!("/proc/{}", server.pid())).unwrap();
    assert_ne!(process.uid(), 0);
    assert_eq!(process.uid(), data.uid());
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let groups = status
        .lines()
        .find_map(|line| line.strip_prefix("Groups:"))
        .unwrap();
    assert_eq!(groups.trim(), "", "root's groups are gone");
}
