//! The settings in which our servers differ from PostgreSQL's defaults. They are given on the
//! command line, so that every start decides afresh, whatever the folder holds.

use rustix::system::sysinfo;

use super::{Installation, PostgresOptions};

/// Memory in which a server keeps pages of its tables and indexes, MiB: at most, where there is
/// enough. A million links with all their indexes are 1.2 GiB, of which lists and searches read most.
/// Memory that no page was put into is not taken.
const MOST_BUFFERS: u64 = 1024;

/// PostgreSQL's own.
const LEAST_BUFFERS: u64 = 128;

/// Names and values for `-c`.
pub(super) fn settings(
    options: &PostgresOptions,
    installation: &Installation,
) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("port", options.port.to_string()),
        ("listen_addresses", "127.0.0.1".into()),
        // A socket's path may have 107 bytes; folders of tests are often deeper.
        ("unix_socket_directories", "".into()),
        // Three services with a pool each, or a few dozen tests at once.
        ("max_connections", "200".into()),
        ("timezone", "UTC".into()),
        ("log_timezone", "UTC".into()),
    ];
    if options.durable {
        settings.extend([
            ("shared_buffers", format!("{}MB", buffers())),
            // The first change to a page after a checkpoint writes all of it to the log. With the
            // default of 1 GB, a busy hour has dozens of checkpoints.
            ("max_wal_size", "4GB".into()),
        ]);
    } else {
        settings.extend([
            ("fsync", "off".into()),
            ("synchronous_commit", "off".into()),
            ("full_page_writes", "off".into()),
        ]);
    }
    if installation.has_timescaledb() {
        settings.extend([
            ("shared_preload_libraries", "timescaledb".into()),
            ("timescaledb.telemetry_level", "off".into()),
            // One worker per database with the extension; the default of 8 is too few for tests.
            ("max_worker_processes", "32".into()),
        ]);
    }
    settings
}

/// A quarter of the machine's memory, as PostgreSQL's manual suggests, within limits.
fn buffers() -> u64 {
    let info = sysinfo();
    let mebibytes = (info.totalram * u64::from(info.mem_unit)) >> 20;
    (mebibytes / 4).clamp(LEAST_BUFFERS, MOST_BUFFERS)
}
