use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use contract::{LinkId, Outcome, Visit, decide};

use super::asked::{self, LinkPath};
use super::password_form::{Form, Said};
use super::{cookies, html, preview};
use crate::error::{Error, Result};
use crate::state::AppState;

/// `GET /{code}` of a link with a password, and `GET /{code}+` of any link. The proxy answers all
/// other requests for links itself. Everything that is not a link's path ends here, too: 404.
pub async fn link_page(
    State(state): State<AppState>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let path = LinkPath::read(uri.path());
    let Some(path) = path.filter(|_| matches!(method, Method::GET | Method::HEAD)) else {
        return Error::NotFound("page").into_response();
    };
    let query = uri.query().unwrap_or_default();
    let page = show(&state, &headers, path, query).await;
    page.unwrap_or_else(html::failed)
}

async fn show(
    state: &AppState,
    headers: &HeaderMap,
    path: LinkPath<'_>,
    query: &str,
) -> Result<Response> {
    let Some(link) = asked::find(state, headers, path.code).await? else {
        return Ok(html::not_found());
    };
    let record = link.to_record()?;
    let now = state.timestamp();
    // Visitors whose cookie is good have been sent on by the proxy, unless they want the preview.
    let is_unlocked = path.wants_preview
        && link.password()?.is_some_and(|password| {
            cookies::is_unlocked(headers, &state.unlock, LinkId(link.id), password, now)
        });
    let visit = Visit {
        now,
        wants_preview: path.wants_preview,
        is_unlocked,
        ..Visit::default()
    };
    Ok(match decide(&record, &visit) {
        Outcome::AskPassword => Form {
            host: asked::host(headers),
            path,
            query,
        }
        .page(Said::Nothing),
        Outcome::Preview => preview::page(&link, asked::host(headers), path.code)?,
        Outcome::Refuse { reason, .. } if path.wants_preview => {
            let status = StatusCode::from_u16(reason.status()).map_err(Error::internal)?;
            html::sentence(status, "This link leads nowhere at the moment.")
        }
        // Not protected: not for us to answer.
        _ => html::not_found(),
    })
}
