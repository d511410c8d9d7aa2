use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use contract::{Code, Domain, Record};
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
    /// Empty: the domain itself.
    #[serde(default)]
    code: String,
}

/// The record behind a code, or of a domain: 200 also for links out of service, 404
/// `link_not_found` when there is no such link, or no setting, which a proxy may remember.
pub(super) async fn resolve(
    State(state): State<AppState>,
    Query(asked): Query<Resolve>,
) -> Result<impl IntoResponse> {
    let absent = Error::NotFound("link");
    let record: Record = if asked.code.is_empty() {
        let domain = db::find_domain(&state.pool, &asked.domain).await?;
        domain.ok_or(absent)?.to_record()?.into()
    } else {
        let code: Result<Code, _> = asked.code.parse();
        let code = code.map_err(|invalid| Error::invalid("code", "invalid_code", invalid))?;
        let link = db::find_link_by_code(&state.pool, &asked.domain, &code).await?;
        link.ok_or(absent)?.to_record()?.into()
    };
    Ok((
        [(header::CONTENT_TYPE, "application/json")],
        record.encode(),
    ))
}
