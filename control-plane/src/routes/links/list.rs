use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Link, LinkStatus};
use crate::auth::Caller;
use crate::db::{self, LinkFilter, Page, Position};
use crate::error::Result;
use crate::problem::Problem;
use crate::routes::{Query, cursor, paging};
use crate::state::AppState;

/// Which links, and how many.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListLinks {
    /// Links on the page, 1 to 100; 50 when absent.
    #[serde(skip_serializing)]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
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
        (status = 400, description = "The cursor was altered, or is of another query",
            body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn list_links(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListLinks>,
) -> Result<Json<LinkList>> {
    let limit = paging::limit(query.limit)?;
    let search = paging::search(query.q.as_deref())?;
    let question = cursor::question(&query)?;
    let filter = LinkFilter {
        search,
        status: query.status.map(LinkStatus::as_str),
        domain: caller.only_domain.as_ref().map(contract::Domain::as_str),
    };
    // One more than asked for tells whether another page follows.
    let page = Page {
        after: query
            .cursor
            .as_deref()
            .map(|text| cursor::decode(question, text))
            .transpose()?,
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
    let next_cursor = position
        .filter(|_| !is_last)
        .map(|position| cursor::encode(question, &position))
        .transpose()?;
    Ok(Json(LinkList {
        data: Link::load(&state, rows).await,
        next_cursor,
    }))
}
