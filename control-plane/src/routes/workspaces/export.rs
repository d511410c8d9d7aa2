use axum::extract::State;
use axum::response::Response;

use crate::archive;
use crate::auth::Caller;
use crate::error::Result;
use crate::problem::Problem;
use crate::routes::links;
use crate::state::AppState;

/// Export the workspace
///
/// All that `POST /api/v1/workspace/restore` makes a workspace of, as JSON lines: settings of domains,
/// the logo, UTM templates, and links with everything that they have, in the order in which they were
/// made, those in the bin among them. The last line is `{"kind":"end",…}`: without it, the file is not whole. A change that
/// is made meanwhile may be in it or not.
///
/// Links with a password are there with its hash: keep the file as you keep a database. Not in it are
/// people, keys and webhooks, whose secrets it would have to tell, statistics, and the audit
/// log, which has what links were like before.
#[utoipa::path(get, path = "/api/v1/workspace/export", tag = "imports",
    responses(
        (status = 200, description = "A file", content_type = "application/jsonl", body = String,
            example = json!("{\"kind\":\"workspace\",\"format\":1}\n{\"kind\":\"end\",\"lines\":1}\n")),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 403, description = "`forbidden`, `missing_scope`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn export_workspace(State(state): State<AppState>, caller: Caller) -> Result<Response> {
    let lines = archive::write(state, caller.workspace_id);
    Ok(links::file("application/jsonl", "workspace.jsonl", lines))
}
