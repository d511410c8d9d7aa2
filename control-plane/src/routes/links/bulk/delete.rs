use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::edit::write;
use super::outcome::BulkOutcome;
use super::selection::Selection;
use crate::audit::Action;
use crate::auth::Caller;
use crate::db::LinkRow;
use crate::error::{Error, Result};
use crate::json::JsonBody;
use crate::once::Once;
use crate::problem::Problem;
use crate::propagation::Wait;
use crate::routes::Query;
use crate::state::AppState;

/// Which links to delete.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteLinks {
    /// Which links.
    select: Selection,
    /// True deletes all of them or, if one is refused, none.
    #[serde(default)]
    #[schema(default = false)]
    all_or_nothing: bool,
}

/// Delete many links
///
/// They go into the bin, all in one transaction.
#[utoipa::path(post, path = "/api/v1/links/bulk/delete", tag = "links",
    request_body = DeleteLinks,
    params(Wait),
    responses(
        (status = 200, description = "What became of each link", body = BulkOutcome),
        (status = 400, description = "Not JSON", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `cross_site`", body = Problem),
        (status = 404, description = "`not_found`: the key does not see the domain of the filter",
            body = Problem),
        (status = 413, description = "Body over 8 MiB", body = Problem),
        (status = 415, description = "Not `application/json`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn delete_links(
    State(state): State<AppState>,
    caller: Caller,
    once: Once,
    Query(wait): Query<Wait>,
    JsonBody(body): JsonBody<DeleteLinks>,
) -> Result<Json<BulkOutcome>> {
    caller.may_edit()?;
    let patience = wait.patience()?;
    let chosen = body.select.chosen(&state, &caller).await?;
    let task = tokio::spawn({
        let state = state.clone();
        let all_or_nothing = body.all_or_nothing;
        async move {
            let now = state.now();
            let delete = |link: &mut LinkRow| {
                link.deleted_at = Some(now);
                Ok(())
            };
            write(
                &state,
                &caller,
                &chosen,
                Action::Deleted,
                all_or_nothing,
                &once,
                delete,
            )
            .await
        }
    });
    let written = task.await.map_err(Error::internal)??;
    Ok(Json(written.load(&state, patience).await?))
}
