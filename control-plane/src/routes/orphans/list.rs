use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use contract::LinkId;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Caller;
use crate::db::{self, OrphanPosition, OrphanRow};
use crate::error::Result;
use crate::problem::Problem;
use crate::routes::paging::{self, Asked};
use crate::routes::{QueryFields, domains};
use crate::state::AppState;

/// How far back we look. Scanners ask for millions of codes; what counts is what people ask for now.
const PERIOD: Duration = Duration::days(30);

/// Which codes, and how many.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListOrphans {
    /// Codes on the page, 1 to 100; 50 when absent.
    #[serde(skip_serializing_if = "paging::is_no_question")]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "paging::is_no_question")]
    cursor: Option<String>,
    /// Text to find in the code, in any case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only codes of this domain.
    domain: Option<String>,
}

/// A code that visitors asked for, and that led nowhere.
#[derive(Debug, Serialize, ToSchema)]
pub struct Orphan {
    /// Host.
    #[schema(example = "go.example.com")]
    domain: String,
    /// What stood where codes stand. Whoever asks chooses it: treat it as any text from strangers.
    #[schema(example = "spring-42")]
    code: String,
    /// How often it was asked for in the last 30 days, by people and by programs.
    hits: i64,
    /// The first time in the last 30 days.
    #[serde(with = "time::serde::rfc3339")]
    first_seen_at: OffsetDateTime,
    /// The last time.
    #[serde(with = "time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
    /// The link that has the code by now.
    #[schema(value_type = Option<String>, required)]
    link_id: Option<LinkId>,
}

/// One page of codes.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrphanList {
    /// What was asked for most comes first.
    data: Vec<Orphan>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List codes that do not exist
///
/// What visitors of your domains asked for in the last 30 days without finding a link: misprints,
/// links that are missing, and scanners.
#[utoipa::path(get, path = "/api/v1/orphans", tag = "orphans", params(ListOrphans),
    responses(
        (status = 200, description = "A page", body = OrphanList),
        (status = 400, description = "The cursor was altered, or is of another query",
            body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "The domain is not yours", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn list_orphans(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    QueryFields(fields): QueryFields<ListOrphans>,
) -> Result<(HeaderMap, Json<OrphanList>)> {
    let (query, mut check) = fields.check(&state);
    let limit = paging::limit(query.limit, &mut check);
    let search = paging::search(query.q.as_deref(), &mut check);
    check.finish()?;
    let asked = Asked::read(&query, limit, query.cursor.as_deref())?;
    let domains = domains::names(&state, &caller, query.domain.as_deref()).await?;
    let since = state.now() - PERIOD;
    let (after, more) = (asked.after.as_ref(), asked.rows());
    let rows = db::list_orphans(&state.analytics, &domains, since, search, after, more);
    let mut rows = rows.await?;
    let next_cursor = asked.cut(&mut rows, position)?;
    let headers = paging::next_page(&uri, next_cursor.as_deref())?;
    let data = with_links(&state, &caller, rows).await?;
    Ok((headers, Json(OrphanList { data, next_cursor })))
}

fn position(row: &OrphanRow) -> OrphanPosition {
    OrphanPosition {
        hits: row.hits,
        domain: row.domain.clone(),
        code: row.code.clone(),
    }
}

/// Says which of the codes have become links since.
async fn with_links(
    state: &AppState,
    caller: &Caller,
    rows: Vec<OrphanRow>,
) -> Result<Vec<Orphan>> {
    let domains: Vec<String> = rows.iter().map(|row| row.domain.clone()).collect();
    let codes: Vec<String> = rows.iter().map(|row| row.code.clone()).collect();
    let links = db::ids_of_codes(&state.pool, caller.workspace_id, &domains, &codes).await?;
    let with_link = |row: OrphanRow| Orphan {
        link_id: links
            .iter()
            .find(|link| (&link.domain, &link.code) == (&row.domain, &row.code))
            .map(|link| LinkId(link.id)),
        domain: row.domain,
        code: row.code,
        hits: row.hits,
        first_seen_at: row.first_seen_at,
        last_seen_at: row.last_seen_at,
    };
    Ok(rows.into_iter().map(with_link).collect())
}
