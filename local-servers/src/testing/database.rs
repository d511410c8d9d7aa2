//! One empty database per test.

use std::path::Path;

use url::Url;

use super::postgres_url;
use crate::Result;
use crate::postgres::{Installation, Psql};

/// PostgreSQL cuts names at 63 bytes; the random part needs 17.
const PREFIX_LENGTH: usize = 46;

/// A database of its own for one test.
#[derive(Debug)]
pub struct TestDatabase {
    /// The address, with the password.
    pub url: String,
    name: String,
}

impl TestDatabase {
    /// Creates an empty database whose name begins with `prefix`, to be recognised in logs.
    pub fn create(prefix: &str) -> TestDatabase {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        };
        let prefix: String = prefix.chars().map(plain).take(PREFIX_LENGTH).collect();
        let name = format!("{prefix}_{:016x}", rand::random::<u64>());
        let created = psql(postgres_url()).and_then(|psql| psql.create_database_if_missing(&name));
        if let Err(error) = created {
            panic!("no database for a test: {error}");
        }
        let Ok(mut url) = Url::parse(postgres_url()) else {
            panic!("LINKPULSE_TEST_DATABASE_URL is not an address");
        };
        url.set_path(&name);
        TestDatabase {
            url: url.into(),
            name,
        }
    }
}

impl Drop for TestDatabase {
    /// On a server of our own the database goes with the server. Dropping it takes up to a minute
    /// there: PostgreSQL waits for every process to notice, and TimescaleDB's launcher sleeps.
    fn drop(&mut self) {
        if super::shared::is_postgres_ours() {
            return;
        }
        let script = "select format('drop database if exists %I with (force)', :'name') \\gexec";
        let dropped =
            psql(postgres_url()).and_then(|psql| psql.run(script, &[("name", &self.name)]));
        if let Err(error) = dropped {
            tracing::warn!(%error, database = self.name, "a test's database stays");
        }
    }
}

/// Whether `create extension timescaledb` can work there: the library is loaded, and the scripts
/// are installed.
pub fn has_timescaledb(url: &str) -> bool {
    // The loader's settings tell everybody what `shared_preload_libraries` tells superusers only.
    let script = "select exists (select from pg_available_extensions where name = 'timescaledb')
                     and exists (select from pg_settings where name = 'timescaledb.max_background_workers');";
    match psql(url).and_then(|psql| psql.run(script, &[])) {
        Ok(answer) => answer == "t",
        Err(error) => panic!("cannot ask for timescaledb: {error}"),
    }
}

/// The password stays in the address and so is visible in the list of processes for a moment:
/// it is a test's.
fn psql(url: &str) -> Result<Psql> {
    Ok(Psql {
        installation: Installation::find(None, None, Path::new(""))?,
        address: url.to_owned(),
        password: None,
    })
}
