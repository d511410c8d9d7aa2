//! One relay at a time: whoever holds a session lock in Postgres, and shows that it still does
//! something.
//!
//! The lock alone is not enough. It ends with its session, and the session of a process that is
//! frozen lives on: the kernel answers for it. So the leader also writes the time into
//! `relay_leader`, and a candidate that finds it old ends the leader's session. What a frozen
//! leader does when it wakes: `docs/decisions/0008-coherence.md`.

use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use tokio::time::Instant;

use crate::error::{Error, Result};

/// The lock's number: "lp-relay" in ASCII.
const LOCK: i64 = 0x6c70_2d72_656c_6179;

/// Seconds without a sign of the leader after which it is deposed. Six of its beats, and longer
/// than it may wait for Redis: a leader that is only slow keeps its place.
const SILENCE_SECONDS: f64 = 3.0;

/// Time between two signs of the leader.
const BEAT: Duration = Duration::from_millis(500);

/// A process that relays, or would.
pub struct Candidate {
    /// Of its own, and kept: from a pool the lock would outlive its use, and a connection a second
    /// from each standby is many.
    connection: PgConnection,
    last_beat: Instant,
}

impl Candidate {
    /// Connects, and holds nothing yet.
    pub async fn connect(database_url: &SecretString) -> Result<Self> {
        let options = PgConnectOptions::from_str(database_url.expose_secret())?
            .application_name("linkpulse-relay")
            .options([
                ("statement_timeout", "5s"),
                // A beat that a crash of the database loses is of no use any more.
                ("synchronous_commit", "off"),
                // A leader whose network is cut must not block the others for hours.
                ("tcp_keepalives_idle", "2"),
                ("tcp_keepalives_interval", "1"),
                ("tcp_keepalives_count", "3"),
            ]);
        Ok(Self {
            connection: options.connect().await?,
            last_beat: Instant::now(),
        })
    }

    /// Whether it leads from now on. The lock and the first sign are one statement: who has the
    /// lock is in the row, whatever happens to its process.
    pub async fn try_lead(&mut self) -> Result<bool> {
        let led = sqlx::query_scalar!(
            r#"with lock as materialized (select pg_try_advisory_lock($1) as is_ours)
               update relay_leader set pid = pg_backend_pid(), beat_at = clock_timestamp()
               from lock where lock.is_ours
               returning true as "is_ours!""#,
            LOCK,
        )
        .fetch_optional(&mut self.connection)
        .await?;
        self.last_beat = Instant::now();
        Ok(led.is_some())
    }

    /// Ends the session of a leader that gives no sign. The row alone would not do: its number may
    /// belong to somebody else by now, so it must hold the lock as well.
    pub async fn depose_silent_leader(&mut self) -> Result<()> {
        let deposed = sqlx::query_scalar!(
            r#"select pg_terminate_backend(holder.pid) as "deposed!"
               from relay_leader as leader
               join pg_locks as holder on holder.pid = leader.pid
               where holder.locktype = 'advisory' and holder.granted and holder.objsubid = 1
                 and (holder.classid::bigint << 32) | holder.objid::bigint = $1
                 and holder.database = (
                     select oid from pg_database where datname = current_database()
                 )
                 -- In both directions, in case the clock was set back.
                 and abs(extract(epoch from clock_timestamp() - leader.beat_at)) > $2::float8"#,
            LOCK,
            SILENCE_SECONDS,
        )
        .fetch_optional(&mut self.connection)
        .await?;
        if deposed.is_some() {
            tracing::warn!(
                "the relay's leader gave no sign for {SILENCE_SECONDS} s, and was deposed"
            );
        }
        Ok(())
    }

    /// Shows that the leader lives, if it is time. Fails when it leads no more.
    pub async fn beat(&mut self) -> Result<()> {
        if self.last_beat.elapsed() < BEAT {
            return Ok(());
        }
        let beaten = sqlx::query!(
            "update relay_leader set beat_at = clock_timestamp() where pid = pg_backend_pid()",
        )
        .execute(&mut self.connection)
        .await?;
        if beaten.rows_affected() == 0 {
            return Err(Error::internal("another relay leads"));
        }
        self.last_beat = Instant::now();
        Ok(())
    }

    /// For the leader's statements: that they succeed proves that the lock is still held.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
