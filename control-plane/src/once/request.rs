use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::db::{self, KeptAnswer};
use crate::error::{Error, Result};

/// What a handler needs to do a request once. Without an `Idempotency-Key` it does nothing.
#[derive(Debug, Clone, Default)]
pub struct Once(Option<Arc<Named>>);

#[derive(Debug)]
pub(super) struct Named {
    pub(super) workspace_id: Uuid,
    pub(super) key_hash: [u8; 32],
    pub(super) request_hash: [u8; 32],
    pub(super) now: OffsetDateTime,
}

impl Once {
    pub(super) fn new(named: Named) -> Self {
        Self(Some(Arc::new(named)))
    }

    /// The first statement of the transaction that does what was asked for.
    ///
    /// # Errors
    /// [`Error::StillRunning`] while another one does it, [`Error::AlreadyDone`] when one has: the
    /// client then gets that one's answer.
    pub async fn begin(&self, connection: &mut PgConnection) -> Result<()> {
        let Some(named) = &self.0 else {
            return Ok(());
        };
        let [a, b, c, d, e, f, g, h, ..] = named.key_hash;
        let name = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
        if !db::take_name(&mut *connection, name).await? {
            return Err(Error::StillRunning);
        }
        let (workspace_id, now) = (named.workspace_id, named.now);
        match db::has_answer(connection, workspace_id, &named.key_hash, now).await? {
            true => Err(Error::AlreadyDone),
            false => Ok(()),
        }
    }

    /// Whether the request has a name, so that its answer is kept.
    pub fn is_asked_for(&self) -> bool {
        self.0.is_some()
    }

    /// Keeps the answer; in the same transaction, when all else is written. It must hold no secret.
    ///
    /// # Errors
    /// When it cannot be kept; then nothing may be committed.
    pub async fn keep(
        &self,
        connection: &mut PgConnection,
        status: StatusCode,
        location: Option<&str>,
        body: &impl Serialize,
    ) -> Result<()> {
        let Some(named) = &self.0 else {
            return Ok(());
        };
        let answer = KeptAnswer {
            request_hash: named.request_hash.to_vec(),
            status: status.as_u16() as i16,
            location: location.map(str::to_owned),
            body: serde_json::to_string(body).map_err(Error::internal)?,
        };
        let (workspace_id, now) = (named.workspace_id, named.now);
        db::insert_answer(connection, workspace_id, &named.key_hash, &answer, now).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Once {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
