use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Caller;
use crate::db::{self, TagRow};
use crate::error::Result;
use crate::problem::Problem;
use crate::routes::QueryFields;
use crate::routes::paging::{self, Asked};
use crate::state::AppState;

/// Which tags, and how many.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListTags {
    /// Tags on the page, 1 to 100; 50 when absent.
    #[serde(skip_serializing_if = "paging::is_no_question")]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "paging::is_no_question")]
    cursor: Option<String>,
    /// Text that the tag begins with, in any case.
    #[param(max_length = 200)]
    q: Option<String>,
}

/// A tag.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tag {
    /// In lower case.
    #[schema(example = "print")]
    tag: String,
    /// How many links outside the bin have it, archived ones included.
    #[schema(example = 17)]
    links: i64,
}

/// One page of tags.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagList {
    /// By their characters' numbers, ascending.
    data: Vec<Tag>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List tags
///
/// Those that links have, and how many links have each. It follows what is done to links within seconds.
#[utoipa::path(get, path = "/api/v1/tags", tag = "links", params(ListTags),
    responses(
        (status = 200, description = "A page", body = TagList),
        (status = 400, description = "The cursor was altered, or is of another query",
            body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn list_tags(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    QueryFields(fields): QueryFields<ListTags>,
) -> Result<(HeaderMap, Json<TagList>)> {
    let (query, mut check) = fields.check(&state);
    let limit = paging::limit(query.limit, &mut check);
    let beginning = paging::search(query.q.as_deref(), &mut check).map(str::to_lowercase);
    check.finish()?;
    let asked = Asked::<String>::read(&query, limit, query.cursor.as_deref())?;
    let (workspace_id, after) = (caller.workspace_id, asked.after.as_deref());
    let rows = db::list_tags(
        &state.pool,
        workspace_id,
        beginning.as_deref(),
        after,
        asked.rows(),
    );
    let mut rows = rows.await?;
    let next_cursor = asked.cut(&mut rows, |row| row.tag.clone())?;
    let headers = paging::next_page(&uri, next_cursor.as_deref())?;
    let view = |TagRow { tag, links }| Tag { tag, links };
    let data = rows.into_iter().map(view).collect();
    Ok((headers, Json(TagList { data, next_cursor })))
}
