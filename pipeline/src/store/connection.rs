//! A connection of one's own.
//!
//! There is no pool. A pooled connection outlives whoever gave up on it: a `begin` that is dropped
//! half-way leaves an open transaction for the next user. Here, whoever gives up on an answer drops
//! the connection with it, and the server rolls back.

use std::future::Future;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use crate::{Error, Result};

/// How to reach the database, and at most one open connection to it.
pub(crate) struct Database {
    options: PgConnectOptions,
    patience: Duration,
    idle: Option<PgConnection>,
}

impl Database {
    /// Not connected yet. No statement, and no pause inside a transaction, may take longer than
    /// `patience`.
    pub(crate) fn new(options: PgConnectOptions, patience: Duration) -> Self {
        let limit = patience.as_millis();
        let options = options.application_name("linkpulse-pipeline").options([
            ("statement_timeout", limit.to_string()),
            // A worker that stands still must not keep its locks.
            ("idle_in_transaction_session_timeout", limit.to_string()),
            // We tell Redis to forget what we committed, so a commit must be on disk, also on
            // a server that was told to hurry.
            ("synchronous_commit", "on".to_owned()),
            ("timezone", "UTC".to_owned()),
            // Whoever waited for a lock has to see what its owner did.
            ("default_transaction_isolation", "read committed".to_owned()),
        ]);
        Self {
            options,
            patience,
            idle: None,
        }
    }

    /// The open connection, or a new one. It is the caller's until [`put_back`](Self::put_back);
    /// after an error it must be dropped instead.
    pub(crate) async fn take(&mut self) -> Result<PgConnection> {
        match self.idle.take() {
            Some(connection) => Ok(connection),
            None => {
                within(self.patience, async {
                    Ok(PgConnection::connect_with(&self.options).await?)
                })
                .await
            }
        }
    }

    /// Keeps a connection on which everything went well.
    pub(crate) fn put_back(&mut self, connection: PgConnection) {
        self.idle = Some(connection);
    }

    /// Longest that one write may take.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }
}

/// Gives up after `patience`. Whatever connection `work` uses must be dropped then.
pub(crate) async fn within<T>(
    patience: Duration,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let result = tokio::time::timeout(patience, work).await;
    result.unwrap_or(Err(Error::Overdue(patience)))
}
