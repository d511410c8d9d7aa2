use axum::http::HeaderMap;

use crate::error::{Error, Result};
use crate::limits::{Policy, client_of};
use crate::state::AppState;

/// Pages a minute for one client: enough for an office of hundreds behind one address, since those who
/// follow a link without a password never come here.
const VISITORS_PER_MINUTE: u32 = 600;

/// Takes a page from a visitor's allowance. Apart from that of the API, so that neither uses up the other.
///
/// # Errors
/// [`Error::RateLimited`] when there is none left.
pub(super) async fn spend(state: &AppState, headers: &HeaderMap) -> Result<()> {
    let quota = VISITORS_PER_MINUTE.min(state.config.requests_per_minute);
    let policy = Policy::per_minute("visitor", quota);
    let whose = client_of(headers).to_string();
    let allowance = state.rate_limits.spend(policy, &whose, state.timestamp());
    match allowance.await.wait {
        Some(wait) => Err(Error::RateLimited(wait)),
        None => Ok(()),
    }
}
