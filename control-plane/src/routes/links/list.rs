use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Link, LinkStatus, cursor};
use crate::auth::Caller;
use crate::db::{self, LinkFilter, Page, Position};
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::routes::Query;
use crate::state::AppState;

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 100;
const MAX_SEARCH: usize = 200;

/// Which links, and how many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListLinks {
    /// Links on the page, 1 to 100; 50 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Text to find in code, target or title, in any case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only links in this state. All but the bin when absent.
    #[param(inline)]
    status: Option<LinkStatus>,
}

/// One page of links.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkList {
    /// Newest first.
    data: Vec<Link>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List links
///
/// Newest first, in pages. A link made while you turn pages never shifts the ones behind it.
#[utoipa::path(get, path = "/api/v1/links", tag = "links", params(ListLinks),
    responses(
        (status = 200, description = "A page", body = LinkList),
        (status = 400, description = "The cursor was altered", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn list_links(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListLinks>,
) -> Result<Json<LinkList>> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Error::invalid(
            "limit",
            "out_of_range",
            "a page has 1 to 100 links",
        ));
    }
    let search = query
        .q
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    if search.is_some_and(|text| text.len() > MAX_SEARCH || text.contains('\0')) {
        return Err(Error::invalid(
            "q",
            "invalid_search",
            "search for at most 200 bytes of text",
        ));
    }
    let filter = LinkFilter {
        search,
        status: query.status.map(LinkStatus::as_str),
    };
    // One more than asked for tells whether another page follows.
    let page = Page {
        after: query.cursor.as_deref().map(cursor::decode).transpose()?,
        limit: limit + 1,
    };
    let mut rows = db::list_links(
        &state.pool,
        caller.workspace_id,
        &filter,
        &page,
        state.now(),
    )
    .await?;
    let is_last = rows.len() <= limit as usize;
    rows.truncate(limit as usize);
    let position = rows.last().map(|row| Position {
        created_at: row.created_at,
        id: row.id,
    });
    let next_cursor = position.filter(|_| !is_last).map(cursor::encode);
    Ok(Json(LinkList {
        data: Link::load(&state, rows).await,
        next_cursor,
    }))
}
