use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::auth::Caller;
use crate::auth::id::WorkspaceId;
use crate::body;
use crate::db;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::qr::Logo;
use crate::state::AppState;
use crate::versions::{IfMatch, revision_of_bytes};

/// Set the logo
///
/// A PNG of at most 64 KiB, and of at most 2048 × 2048 pixels. It is kept with at most 256 × 256, and
/// appears in QR codes that are asked for with `logo=true`.
#[utoipa::path(put, path = "/api/v1/qr-logo", tag = "links",
    request_body(content = [u8], content_type = "image/png"),
    responses(
        (status = 204, description = "Set"),
        (status = 400, description = "The body could not be read", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 412, description = "`stale`, also if there is none", body = Problem),
        (status = 413, description = "Body over 64 KiB", body = Problem),
        (status = 415, description = "Not `image/png`", body = Problem),
        (status = 422, description = "`validation_failed`: not a PNG, or too large", body = Problem),
        (status = 503, description = "`unavailable`, `busy`", body = Problem),
    ))]
pub async fn put_qr_logo(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<StatusCode> {
    caller.may_edit()?;
    let body = body::of_type(&headers, body, "image/png")?;
    let logo = state.drawings.run(move || Logo::accept(&body)).await?;
    let png = logo.into_png();
    // In a task of its own: a client that hangs up must not cancel a transaction half way.
    let task = tokio::spawn(async move { put(&state, &caller, &png, &if_match).await });
    task.await.map_err(Error::internal)??;
    Ok(StatusCode::NO_CONTENT)
}

async fn put(state: &AppState, caller: &Caller, png: &[u8], if_match: &IfMatch) -> Result<()> {
    let now = state.now();
    let mut transaction = db::begin(&state.pool).await?;
    match db::lock_qr_logo(&mut transaction, caller.workspace_id).await? {
        Some(current) => if_match.check(revision_of_bytes(&current))?,
        None => if_match.check_absent()?,
    }
    db::put_qr_logo(&mut *transaction, caller.workspace_id, png, now).await?;
    let actor = caller.identity.to_string();
    let deed = caller.deed(&actor, "qr_logo.set", now);
    // Enough to tell pictures apart; the log is no place for them.
    let hash = Sha256::digest(png);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let id = WorkspaceId(caller.workspace_id);
    deed.record(&mut transaction, id, &json!({ "sha256": hash }))
        .await?;
    db::commit(transaction).await?;
    Ok(())
}
