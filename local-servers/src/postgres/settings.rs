//! The settings in which our servers differ from PostgreSQL's defaults. They are given on the
//! command line, so that every start decides afresh, whatever the folder holds.

use super::{Installation, PostgresOptions};

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
    if !options.durable {
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
