use axum::RequestExt;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::name;
use super::request::{Named, Once};
use crate::auth::Caller;
use crate::db::{self, KeptAnswer};
use crate::error::{Error, Result};
use crate::state::AppState;

/// Longest body that is hashed where it was read. Bytes. A longer one takes milliseconds, in which this
/// thread would answer nobody.
const LONG: usize = 1024 * 1024;

/// Gives a request that was done before its answer again, and lets others pass. Behind the
/// [gate](crate::gate), which knows whose names these are.
pub async fn once(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let answer = answer(&state, request, next).await;
    answer.unwrap_or_else(Error::into_response)
}

async fn answer(state: &AppState, request: Request, next: Next) -> Result<Response> {
    let Some(caller) = request.extensions().get::<Caller>().cloned() else {
        return Ok(next.run(request).await);
    };
    let Some(name) = name::given(request.headers())? else {
        return Ok(next.run(request).await);
    };
    let workspace_id = caller.workspace_id;
    let key_hash = name::hash(workspace_id, name);
    // No longer than the route allows.
    let (mut parts, body) = request.with_limited_body().into_parts();
    let body = to_bytes(body, usize::MAX).await;
    let body = body.map_err(|_| Error::TooLarge)?;
    let mut uri = parts.uri.to_string();
    // What a key sees that is not restricted, others must not be shown.
    for only in [caller.only_domain.map(String::from), caller.only_tag] {
        uri.extend(only.map(|only| format!("\n{only}")));
    }
    let request_hash = match body.len() > LONG {
        true => {
            let body = body.clone();
            let hashing = tokio::task::spawn_blocking(move || hash(&uri, &body));
            hashing.await.map_err(Error::internal)?
        }
        false => hash(&uri, &body),
    };
    let named = Named {
        workspace_id,
        key_hash,
        request_hash,
        now: state.now(),
    };
    let now = named.now;
    let given_before = async || -> Result<Option<Response>> {
        let answer = db::find_answer(&state.pool, workspace_id, &key_hash, now).await?;
        answer
            .map(|answer| again(answer, &request_hash))
            .transpose()
    };
    if let Some(answer) = given_before().await? {
        return Ok(answer);
    }
    parts.extensions.insert(Once::new(named));
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    // Somebody else did it between our look and the transaction.
    match answer.extensions().get::<DoneBefore>() {
        Some(DoneBefore) => Ok(given_before().await?.unwrap_or(answer)),
        None => Ok(answer),
    }
}

fn hash(uri: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(uri);
    hash.update([0]);
    hash.update(body);
    hash.finalize().into()
}

/// Marks the answer to a request that was done meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DoneBefore;

fn again(answer: KeptAnswer, request_hash: &[u8; 32]) -> Result<Response> {
    if answer.request_hash != request_hash {
        return Err(Error::IdempotencyKeyReused);
    }
    let status = u16::try_from(answer.status).map_err(Error::internal)?;
    let status = StatusCode::from_u16(status).map_err(Error::internal)?;
    let mut response = match status {
        StatusCode::NO_CONTENT => status.into_response(),
        _ => {
            let json = HeaderValue::from_static("application/json");
            (status, [(header::CONTENT_TYPE, json)], answer.body).into_response()
        }
    };
    let headers = response.headers_mut();
    let replayed = HeaderName::from_static("idempotent-replayed");
    headers.insert(replayed, HeaderValue::from_static("true"));
    if let Some(location) = answer.location {
        let location = HeaderValue::try_from(location).map_err(Error::internal)?;
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}
