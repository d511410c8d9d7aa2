//! What operators and orchestrators ask a process, on a listener that visitors cannot reach.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

use crate::telemetry;

/// What a service waits for before it may receive traffic.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<RwLock<BTreeMap<&'static str, Result<(), String>>>>);

impl Readiness {
    /// Nothing of `conditions` is met yet.
    pub fn waiting_for(conditions: &[&'static str]) -> Self {
        let waiting = |&name| (name, Err("starting".to_owned()));
        Self(Arc::new(RwLock::new(
            conditions.iter().map(waiting).collect(),
        )))
    }

    /// The condition is met.
    pub fn met(&self, condition: &'static str) {
        self.set(condition, Ok(()));
    }

    /// The condition is not met (any more).
    pub fn unmet(&self, condition: &'static str, reason: impl ToString) {
        self.set(condition, Err(reason.to_string()));
    }

    /// Conditions that are not met, with the reason; empty when ready.
    pub fn missing(&self) -> BTreeMap<&'static str, String> {
        let conditions = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let unmet = |(name, state): (&&'static str, &Result<(), String>)| {
            state.as_ref().err().map(|reason| (*name, reason.clone()))
        };
        conditions.iter().filter_map(unmet).collect()
    }

    fn set(&self, condition: &'static str, state: Result<(), String>) {
        let mut conditions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if conditions.insert(condition, state.clone()) != Some(state.clone()) {
            match state {
                Ok(()) => tracing::info!(condition, "ready"),
                Err(reason) => tracing::warn!(condition, reason, "not ready"),
            }
        }
    }
}

/// `/healthz`: the process runs. `/readyz`: it can do its work. `/metrics`: Prometheus text.
///
/// Installs the metrics recorder: what is measured before that is lost.
pub fn router(readiness: Readiness) -> Router {
    let metrics = telemetry::metrics();
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(move || async move { readyz(&readiness) }))
        .route("/metrics", get(move || async { metrics.render() }))
}

fn readyz(readiness: &Readiness) -> Response {
    let missing = readiness.missing();
    let status = if missing.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = serde_json::json!({ "ready": missing.is_empty(), "waiting_for": missing });
    (status, Json(body)).into_response()
}

/// Serves until `stopping`.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stopping: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router)
        .with_graceful_shutdown(stopping)
        .await
}
