//! Bodies of requests, before anybody looks at what they say.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};

use crate::error::{Error, Result};

/// Whether a body is of this type, and can be read as it is: in UTF-8, neither compressed nor otherwise coded.
///
/// # Errors
/// [`Error::UnsupportedMediaType`].
pub(crate) fn check_type(headers: &HeaderMap, media_type: &'static str) -> Result<()> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    if !parts
        .next()
        .is_some_and(|essence| essence.eq_ignore_ascii_case(media_type))
    {
        return Err(Error::UnsupportedMediaType(media_type));
    }
    let charsets = parts.filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.eq_ignore_ascii_case("charset")
            .then(|| value.trim_matches('"'))
    });
    // ASCII is UTF-8, too.
    let is_utf8 = |name: &str| {
        ["utf-8", "us-ascii"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    };
    if !charsets.into_iter().all(is_utf8) {
        return Err(Error::UnsupportedMediaType("UTF-8"));
    }
    match text(header::CONTENT_ENCODING) {
        Some(coding) if !coding.eq_ignore_ascii_case("identity") => Err(
            Error::UnsupportedMediaType("it is, without a Content-Encoding"),
        ),
        _ => Ok(()),
    }
}

/// All of a body of this type.
///
/// # Errors
/// Those of [`check_type`] and [`whole`].
pub(crate) fn of_type(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
    media_type: &'static str,
) -> Result<Bytes> {
    check_type(headers, media_type)?;
    whole(body)
}

/// All of a body.
///
/// # Errors
/// [`Error::TooLarge`] if it is longer than the route allows, and [`Error::Malformed`].
pub(crate) fn whole(body: Result<Bytes, BytesRejection>) -> Result<Bytes> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
        _ => Error::Malformed("the body could not be read".into()),
    })
}
