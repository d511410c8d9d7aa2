//! One relay at a time: whoever holds a session lock in Postgres.

use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};

use crate::error::Result;

/// The lock's number: "lp-relay" in ASCII.
const LOCK: i64 = 0x6c70_2d72_656c_6179;

/// The right to relay. It ends with its connection, so a leader that dies leaves nothing behind.
pub struct Leadership {
    connection: PgConnection,
}

impl Leadership {
    /// Leads, or `None` while somebody else does.
    pub async fn acquire(database_url: &SecretString) -> Result<Option<Self>> {
        // A connection of its own: from a pool the lock would outlive its use.
        let options = PgConnectOptions::from_str(database_url.expose_secret())?
            .application_name("linkpulse-relay")
            .options([
                ("statement_timeout", "5s"),
                // A leader that freezes or loses its network must not block the standby for hours.
                ("tcp_keepalives_idle", "2"),
                ("tcp_keepalives_interval", "1"),
                ("tcp_keepalives_count", "3"),
            ]);
        let mut connection = options.connect().await?;
        let is_ours = sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "is_ours!""#, LOCK)
            .fetch_one(&mut connection)
            .await?;
        Ok(is_ours.then_some(Self { connection }))
    }

    /// Fails when the connection, and with it the lock, is gone.
    pub async fn confirm(&mut self) -> Result<()> {
        sqlx::query_scalar!(r#"select 1 as "one!""#)
            .fetch_one(&mut self.connection)
            .await?;
        Ok(())
    }
}
