use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use contract::{LinkId, Outcome, Visit, decide};

use super::asked::{self, LinkPath};
use super::password_form::{Form, Said};
use super::{allowance, cookies, html, preview};
use crate::db::LinkRow;
use crate::error::{Error, Result};
use crate::qr::{Format, QrQuery};
use crate::routes::links;
use crate::state::AppState;

/// Greatest QR code for strangers, in pixels: enough for a poster. Whoever owns the link gets larger ones
/// from the API.
const MAX_PUBLIC_SIZE: u32 = 1024;

/// `GET /{code}` of a link with a password, `GET /{code}+` and `GET /{code}.qr` of any link. The proxy answers all
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
    let page = show(&state, &headers, path, &uri).await;
    page.unwrap_or_else(html::failed)
}

async fn show(
    state: &AppState,
    headers: &HeaderMap,
    path: LinkPath<'_>,
    uri: &Uri,
) -> Result<Response> {
    allowance::spend(state, headers).await?;
    let query = uri.query().unwrap_or_default();
    let Some(link) = asked::find(state, headers, path.code).await? else {
        return Ok(html::not_found());
    };
    if path.wants_qr {
        return qr_code(state, &link, uri).await;
    }
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
        Outcome::Refuse { reason, .. } => {
            let status = StatusCode::from_u16(reason.status()).map_err(Error::internal)?;
            html::sentence(status, "This link leads nowhere at the moment.")
        }
        // The proxy, which counts, does not know yet that the link has no password any more.
        Outcome::Redirect(_) | Outcome::SocialPreview(_) => html::again_in_a_moment(),
    })
}

/// The QR code of a link is no secret: it says less than the address that was asked for.
async fn qr_code(state: &AppState, link: &LinkRow, uri: &Uri) -> Result<Response> {
    if link.deleted_at.is_some() {
        let sentence = "This link leads nowhere any more.";
        return Ok(html::sentence(StatusCode::GONE, sentence));
    }
    let refused = || {
        html::sentence(
            StatusCode::UNPROCESSABLE_ENTITY,
            "There is no such picture.",
        )
    };
    let Ok(query) = Query::<QrQuery>::try_from_uri(uri) else {
        return Ok(refused());
    };
    let style = query.check();
    let Some(style) = style.ok().filter(|style| style.size() <= MAX_PUBLIC_SIZE) else {
        return Ok(refused());
    };
    match links::qr_code(state, link, style, Format::Png).await {
        Err(Error::Invalid(_)) => Ok(refused()),
        other => other,
    }
}
