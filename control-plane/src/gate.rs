//! What every request to the API passes first: who is it, have they requests left, may they do
//! this?

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::LinkId;

use crate::access::{self, Needs, Restricted, Route};
use crate::auth::{Caller, Identity, refuse_other_pages};
use crate::db;
use crate::error::{Error, Result};
use crate::limits::{Allowance, Policy, client_of};
use crate::state::AppState;

/// Requests a minute from one client to what anybody may use.
const ANYBODY_PER_MINUTE: u32 = 120;

/// Lets requests in, and tells them in headers how many they have left.
pub async fn gate(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let path = path.map_or("", MatchedPath::as_str);
    let Some(route) = access::route_of(request.method(), path) else {
        // A method that the route does not have. If it has it after all, its handler finds no
        // caller and fails.
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    let (policy, whose) = match identify(&state, route, &mut parts).await {
        Ok(identified) => identified,
        Err(error) => return unknown(&state, &parts.headers, error).await,
    };
    let now = state.timestamp();
    let allowance = state.rate_limits.spend(policy, &whose, now).await;
    let permitted = match allowance.wait {
        Some(wait) => Err(Error::RateLimited(wait)),
        None => permit(&state, route, &mut parts).await,
    };
    let mut response = match permitted {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(error) => error.into_response(),
    };
    tell(&allowance, response.headers_mut());
    response
}

/// Whose allowance a request takes from. The caller is left among the extensions.
async fn identify(state: &AppState, route: &Route, parts: &mut Parts) -> Result<(Policy, String)> {
    let usual = state.config.requests_per_minute;
    match route.needs {
        Needs::Nothing => {
            refuse_other_pages(parts, state)?;
            let policy = Policy::per_minute("client", ANYBODY_PER_MINUTE.min(usual));
            Ok((policy, client_of(&parts.headers).to_string()))
        }
        Needs::Session => {
            let caller = Caller::of_session(parts, state).await?;
            parts.extensions.insert(caller.clone());
            Ok(allowance_of(&caller, usual))
        }
        Needs::Permission(_) => {
            let caller = Caller::authenticate(parts, state).await?;
            parts.extensions.insert(caller.clone());
            Ok(allowance_of(&caller, usual))
        }
    }
}

/// Answers whoever has no good credential. That takes from an allowance of their address, so that nobody
/// learns without an end whether what they made up is one; it is not the one of signing in, which a program with an old
/// key must not use up for a whole office.
async fn unknown(state: &AppState, headers: &HeaderMap, error: Error) -> Response {
    if !matches!(error, Error::Unauthenticated | Error::CrossSite) {
        return error.into_response();
    }
    let policy = Policy::per_minute(
        "unknown",
        ANYBODY_PER_MINUTE.min(state.config.requests_per_minute),
    );
    let whose = client_of(headers).to_string();
    let now = state.timestamp();
    let allowance = state.rate_limits.spend(policy, &whose, now).await;
    let Some(wait) = allowance.wait else {
        return error.into_response();
    };
    let mut response = Error::RateLimited(wait).into_response();
    tell(&allowance, response.headers_mut());
    response
}

fn allowance_of(caller: &Caller, usual: u32) -> (Policy, String) {
    let quota = caller.rate_limit.unwrap_or(usual);
    match caller.identity {
        Identity::User(id) => (Policy::per_minute("user", quota), id.to_string()),
        Identity::ApiKey(id) => (Policy::per_minute("key", quota), id.to_string()),
    }
}

async fn permit(state: &AppState, route: &Route, parts: &mut Parts) -> Result<()> {
    let Needs::Permission(permission) = route.needs else {
        return Ok(());
    };
    let caller = Caller::from_request_parts(parts, state).await?;
    caller.may(permission)?;
    let Some(restriction) = caller.restriction() else {
        return Ok(());
    };
    match route.restricted {
        Restricted::InHandler => Ok(()),
        Restricted::Refused => Err(restriction),
        Restricted::LinkInPath => {
            let params = RawPathParams::from_request_parts(parts, state).await;
            let params = params.map_err(|_| Error::NotFound("link"))?;
            let id = params.iter().find(|(name, _)| *name == "id");
            let id = id.and_then(|(_, text)| text.parse::<LinkId>().ok());
            let id = id.ok_or(Error::NotFound("link"))?;
            let link = db::place_of_link(&state.pool, caller.workspace_id, id).await?;
            match link.is_some_and(|link| caller.sees(&link.domain, &link.tags)) {
                true => Ok(()),
                false => Err(Error::NotFound("link")),
            }
        }
    }
}

/// The headers of draft-ietf-httpapi-ratelimit-headers. Seconds are rounded up.
fn tell(allowance: &Allowance, headers: &mut HeaderMap) {
    let policy = allowance.policy;
    let seconds = allowance.full_in.as_micros().div_ceil(1_000_000);
    for (name, value) in [
        (
            HeaderName::from_static("ratelimit-policy"),
            format!(
                "\"{}\";q={};w={}",
                policy.name,
                policy.quota,
                policy.window.as_secs()
            ),
        ),
        (
            HeaderName::from_static("ratelimit"),
            format!("\"{}\";r={};t={seconds}", policy.name, allowance.remaining),
        ),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}
