//! The door of `/internal/…`.

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::{Error, Result};
use crate::state::AppState;

/// Lets nobody through who does not know the shared secret.
pub(super) async fn require(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response> {
    let given = request.headers().get(header::AUTHORIZATION);
    let given = given
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
        .ok_or(Error::Unauthenticated)?;
    // Hashes have one length, so the comparison tells nothing about the secret's.
    let expected = Sha256::digest(state.config.internal_secret.expose_secret());
    if !bool::from(Sha256::digest(given).ct_eq(&expected)) {
        return Err(Error::Unauthenticated);
    }
    Ok(next.run(request).await)
}
