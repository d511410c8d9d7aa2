//! Servers for tests: one PostgreSQL and one Redis per test process, started at the first use
//! and gone when the process ends, however it ends.
//!
//! With `LINKPULSE_TEST_DATABASE_URL` and `LINKPULSE_TEST_REDIS_URL` the tests use servers that
//! run already. The role in the address must be allowed to create databases.
//!
//! Everything here blocks, works from any thread and without an async runtime, and panics with
//! the reason when it fails, as a test would.

mod database;
mod shared;
mod sweep;
mod throw_away;

pub use database::{TestDatabase, has_timescaledb};
pub use shared::{postgres_url, redis_url, unique_prefix};
pub use throw_away::{ThrowAway, ThrowAwayDir};
