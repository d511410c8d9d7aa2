//! What proxies ask the control plane, on the admin listener. Behind the shared secret, all of it.

mod caps;
mod changes;
mod proxies;
mod resolve;
mod secret;
mod visitor_keys;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post};

use crate::state::AppState;

/// `/internal/…`
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/internal/resolve", get(resolve::resolve))
        .route("/internal/visitor-keys", get(visitor_keys::visitor_keys))
        .route(
            "/internal/caps/{link_id}/{set_after}",
            post(caps::begin_cap),
        )
        .route("/internal/changes", get(changes::changes))
        .route("/internal/proxies", post(proxies::report))
        .route("/internal/proxies/{id}", delete(proxies::goodbye))
        .layer(from_fn_with_state(state.clone(), secret::require))
        .layer(from_fn(crate::problem::render))
        .with_state(state)
}
