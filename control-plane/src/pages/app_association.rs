//! What a domain says of apps that may open its links. Phones ask for it, not visitors.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::asked;
use crate::db::{self, DomainRow};
use crate::error::{Error, Result};
use crate::state::AppState;

/// `GET /.well-known/apple-app-site-association`: iOS.
pub async fn apple_app_site_association(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response> {
    let row = domain(&state, &headers).await?;
    answer(row.apple_app_site_association.map(|file| file.0))
}

/// `GET /.well-known/assetlinks.json`: Android.
pub async fn assetlinks(State(state): State<AppState>, headers: HeaderMap) -> Result<Response> {
    let row = domain(&state, &headers).await?;
    answer(row.assetlinks.map(|file| file.0))
}

async fn domain(state: &AppState, headers: &HeaderMap) -> Result<DomainRow> {
    let domain = asked::domain(state, headers).ok_or(Error::NotFound("page"))?;
    let row = db::find_domain(&state.pool, &domain).await?;
    row.ok_or(Error::NotFound("page"))
}

fn answer(file: Option<Value>) -> Result<Response> {
    let file = file.ok_or(Error::NotFound("page"))?;
    let cache = [(header::CACHE_CONTROL, "public, max-age=3600")];
    Ok((cache, Json(file)).into_response())
}
