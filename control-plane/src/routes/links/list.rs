use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::Link;
use super::list_query::{ListLinks, narrow};
use crate::auth::Caller;
use crate::db::{self, LinkOrder, LinkRow, Page, Position};
use crate::error::Result;
use crate::problem::Problem;
use crate::routes::{QueryFields, cursor, paging};
use crate::state::AppState;

/// One page of links.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkList {
    /// In the order that was asked for.
    data: Vec<Link>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
    /// Links on all pages. Only if `total` was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    total: Option<i64>,
}

/// List links
///
/// Newest first unless asked otherwise, in pages. A link made while you turn pages never shifts the
/// ones behind it. Sorted by clicks, a link that is clicked meanwhile may be seen twice, or not at
/// all; what it is sorted by follows the clicks within seconds.
#[utoipa::path(get, path = "/api/v1/links", tag = "links", params(ListLinks),
    responses(
        (status = 200, description = "A page", body = LinkList),
        (status = 400, description = "The cursor was altered, or is of another query",
            body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`not_found`: the key sees another domain only", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn list_links(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    QueryFields(fields): QueryFields<ListLinks>,
) -> Result<(HeaderMap, Json<LinkList>)> {
    let (query, mut check) = fields.check(&state);
    let limit = paging::limit(query.limit, &mut check);
    let mut filters = query.filters();
    let mut filter = filters.read(&mut check);
    check.finish()?;
    narrow(&mut filter, &caller)?;
    let question = cursor::question(&query)?;
    let after = query.cursor.as_deref();
    let after = after.map(|text| cursor::decode(question, text));
    let order = query.sort.unwrap_or_default().into();
    let page = Page {
        order,
        is_descending: query.order.unwrap_or_default().is_descending(),
        after: after.transpose()?,
        // One more than asked for tells whether another page follows.
        limit: limit + 1,
    };
    let (workspace_id, now) = (caller.workspace_id, state.now());
    let mut rows = db::list_links(state.lists(), workspace_id, &filter, &page, now).await?;
    let is_last = rows.len() <= limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = match rows.last() {
        Some(row) if !is_last => {
            let position = position(&state, row, order).await?;
            Some(cursor::encode(question, &position)?)
        }
        _ => None,
    };
    let total = match query.total {
        Some(true) => Some(db::count_links(&state.pool, workspace_id, &filter, now).await?),
        _ => None,
    };
    let headers = paging::next_page(&uri, next_cursor.as_deref())?;
    let data = Link::load(&state, rows).await;
    let list = LinkList {
        data,
        next_cursor,
        total,
    };
    Ok((headers, Json(list)))
}

async fn position(state: &AppState, row: &LinkRow, order: LinkOrder) -> Result<Position> {
    let micros = |moment| contract::Timestamp::from(moment).as_micros();
    let value = match order {
        LinkOrder::Created => micros(row.created_at),
        LinkOrder::Clicks => db::totals_of(&state.pool, row.id).await?.0,
        LinkOrder::LastClicked => micros(db::totals_of(&state.pool, row.id).await?.1),
    };
    Ok(Position { value, id: row.id })
}
