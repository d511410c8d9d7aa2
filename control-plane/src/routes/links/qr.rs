use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use contract::LinkId;

use super::short_url;
use crate::auth::Caller;
use crate::db::{self, LinkRow};
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::qr::{Format, Logo, Picture, QrQuery, Style};
use crate::routes::{LinkPath, Query};
use crate::state::AppState;

/// A QR code of a link, as pixels
///
/// It holds the short address with `?via=qr`, so that scans are counted apart.
#[utoipa::path(get, path = "/api/v1/links/{id}/qr.png", tag = "links",
    params(("id" = String, Path, description = "`lnk_…`"), QrQuery),
    responses(
        (status = 200, description = "A picture", content_type = "image/png", body = [u8]),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 422, description = "`validation_failed`: also a logo that there is not",
            body = Problem),
        (status = 503, description = "`unavailable`, `busy`", body = Problem),
    ))]
pub async fn link_qr_png(
    State(state): State<AppState>,
    caller: Caller,
    LinkPath(id): LinkPath,
    Query(query): Query<QrQuery>,
) -> Result<Response> {
    own(&state, &caller, id, &query, Format::Png).await
}

/// A QR code of a link, as shapes
///
/// It holds the short address with `?via=qr`, so that scans are counted apart.
#[utoipa::path(get, path = "/api/v1/links/{id}/qr.svg", tag = "links",
    params(("id" = String, Path, description = "`lnk_…`"), QrQuery),
    responses(
        (status = 200, description = "A picture", content_type = "image/svg+xml", body = String,
            example = json!("<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>")),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 422, description = "`validation_failed`: also a logo that there is not",
            body = Problem),
        (status = 503, description = "`unavailable`, `busy`", body = Problem),
    ))]
pub async fn link_qr_svg(
    State(state): State<AppState>,
    caller: Caller,
    LinkPath(id): LinkPath,
    Query(query): Query<QrQuery>,
) -> Result<Response> {
    own(&state, &caller, id, &query, Format::Svg).await
}

async fn own(
    state: &AppState,
    caller: &Caller,
    id: LinkId,
    query: &QrQuery,
    format: Format,
) -> Result<Response> {
    let style = query.check()?;
    let link = db::find_link(&state.pool, caller.workspace_id, id).await?;
    let link = link.ok_or(Error::NotFound("link"))?;
    qr_code(state, &link, style, format).await
}

/// The QR code of a link.
pub(crate) async fn qr_code(
    state: &AppState,
    link: &LinkRow,
    style: Style,
    format: Format,
) -> Result<Response> {
    let logo = match style.has_logo {
        true => {
            let png = db::find_qr_logo(&state.pool, link.workspace_id).await?;
            let none = || Error::invalid("logo", "no_logo", "the workspace has no logo");
            Some(png.ok_or_else(none)?)
        }
        false => None,
    };
    // What is printed cannot be corrected: the link's own domain, whichever way was asked for it.
    let short_url = short_url(&state.config.public_url, &link.domain, &link.code);
    let address = format!("{short_url}?via=qr");
    let draw = move || {
        let logo = logo.map(Logo::stored).transpose()?;
        Picture::new(&address, style, logo)?.draw(format)
    };
    let picture = state.drawings.run(draw).await?;
    let (content_type, policy) = match format {
        // Chromium shows it, opened by itself, on a page of its own, whose style is inline.
        Format::Png => (
            "image/png",
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ),
        // Opened by itself, it is a document.
        Format::Svg => (
            "image/svg+xml",
            "default-src 'none'; img-src data:; sandbox",
        ),
    };
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, policy),
        // Codes do not change, logos do.
        (header::CACHE_CONTROL, "private, max-age=300"),
    ];
    Ok((headers, picture).into_response())
}
