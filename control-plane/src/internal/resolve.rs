use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use contract::{Code, Domain};
use serde::Deserialize;

use crate::db;
use crate::error::{Error, Result};
use crate::routes::Query;
use crate::state::AppState;

/// Which link.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resolve {
    domain: Domain,
    code: Code,
}

/// The record behind a code: 200 also for links out of service, 404 `link_not_found` when there is
/// no such link, which a proxy may remember.
pub(super) async fn resolve(
    State(state): State<AppState>,
    Query(asked): Query<Resolve>,
) -> Result<impl IntoResponse> {
    let link = db::find_link_by_code(&state.pool, &asked.domain, &asked.code).await?;
    let record = link.ok_or(Error::NotFound("link"))?.to_record()?;
    Ok((
        [(header::CONTENT_TYPE, "application/json")],
        record.encode(),
    ))
}
