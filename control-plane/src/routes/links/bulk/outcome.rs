//! What became of each row.

use std::time::Duration;

use axum::http::StatusCode;
use contract::LinkId;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::db::LinkRow;
use crate::error::{Error, FieldError, Result};
use crate::once::Once;
use crate::problem::Problem;
use crate::propagation::Propagation;
use crate::state::AppState;

/// Links that one request may name.
pub(super) const MAX_ROWS: usize = 10_000;

/// Links that are in memory at a time. Each may have 64 KiB of options.
pub(super) const PIECE: usize = 1_000;

/// Errors of a request that is refused as a whole. More would help nobody.
const MAX_ERRORS: usize = 1_000;

/// Refused fields that the rows of one answer tell, together. When they are used up, a row tells one.
const MAX_FIELD_ERRORS: usize = 10_000;

/// What became of a request about many links.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkOutcome {
    /// Rows that were done.
    done: usize,
    /// Rows that were refused, and changed nothing.
    refused: usize,
    /// One for each row, in their order.
    results: Vec<RowOutcome>,
    /// Where the changes are in effect. Only if `wait` was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    propagation: Option<Propagation>,
}

/// What became of one row.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RowOutcome {
    /// Whether it was done.
    done: bool,
    /// The link.
    #[schema(value_type = Option<String>, required)]
    id: Option<LinkId>,
    /// Its short part.
    #[schema(required)]
    code: Option<String>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<Problem>,
}

impl RowOutcome {
    /// It was done.
    pub(super) fn done(link: &LinkRow) -> Self {
        Self {
            done: true,
            id: Some(LinkId(link.id)),
            code: Some(link.code.clone()),
            problem: None,
        }
    }

    /// It was refused.
    pub(super) fn refused(id: Option<LinkId>, code: Option<String>, reason: &Error) -> Self {
        Self {
            done: false,
            id,
            code,
            problem: Some(Problem::from(reason)),
        }
    }
}

/// How many refused fields can still be told. Each row may have a hundred, and without an end to it,
/// ten thousand rows would take hundreds of megabytes.
#[derive(Debug)]
pub(super) struct RoomForErrors(usize);

impl Default for RoomForErrors {
    fn default() -> Self {
        Self(MAX_FIELD_ERRORS)
    }
}

impl RoomForErrors {
    /// Whether only one thing more is told of each row.
    pub(super) fn is_spent(&self) -> bool {
        self.0 == 0
    }

    /// As much of this as there is room for, and something in any case.
    pub(super) fn shorten(&mut self, reason: Error) -> Error {
        let reason = reason.shortened(self.0.max(1));
        if let Error::Invalid(errors) = &reason {
            self.0 = self.0.saturating_sub(errors.len());
        }
        reason
    }
}

/// Rows and what became of them, before anybody is told.
#[derive(Debug)]
pub(super) struct Written {
    /// One for each row.
    pub(super) results: Vec<RowOutcome>,
    /// Number of the last change.
    pub(super) revision: Option<i64>,
}

impl Written {
    /// Keeps the answer for a request that comes again. The last statement before the commit.
    pub(super) async fn keep(&self, once: &Once, connection: &mut PgConnection) -> Result<()> {
        if !once.is_asked_for() {
            return Ok(());
        }
        let body = outcome(self.results.clone(), None);
        once.keep(connection, StatusCode::OK, None, &body).await
    }

    /// As the client sees it, after waiting for the edge if it wants that.
    pub(super) async fn load(
        self,
        state: &AppState,
        patience: Option<Duration>,
    ) -> Result<BulkOutcome> {
        let propagation = match (patience, self.revision) {
            (Some(patience), Some(revision)) => {
                Some(state.reports.wait(&state.pool, revision, patience).await)
            }
            _ => None,
        };
        Ok(outcome(self.results, propagation))
    }
}

fn outcome(results: Vec<RowOutcome>, propagation: Option<Propagation>) -> BulkOutcome {
    let done = results.iter().filter(|row| row.done).count();
    BulkOutcome {
        done,
        refused: results.len() - done,
        results,
        propagation,
    }
}

/// Collects what is wrong with rows of a request that is done as a whole or not at all.
#[derive(Debug, Default)]
pub(super) struct Refusals(Vec<FieldError>);

impl Refusals {
    /// The row at this place is refused.
    pub(super) fn add(&mut self, list: &str, place: usize, reason: &Error) {
        let row = format!("{list}[{place}]");
        if self.0.len() >= MAX_ERRORS {
            return;
        }
        match reason {
            Error::Invalid(errors) => {
                let errors = errors.iter().map(|error| error.below(&row));
                self.0.extend(errors.take(MAX_ERRORS - self.0.len()));
            }
            other => {
                let problem = Problem::from(other);
                let error = FieldError::new(&row, problem.code(), other);
                self.0.push(error);
            }
        }
    }

    /// Whether there was none so far.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// # Errors
    /// [`Error::Invalid`] if there was any.
    pub(super) fn finish(self) -> Result<()> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err(Error::Invalid(self.0)),
        }
    }
}
