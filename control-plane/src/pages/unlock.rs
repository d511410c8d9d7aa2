use axum::Form as FormBody;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use contract::{LinkId, Outcome, Visit, decide};
use serde::Deserialize;

use super::asked::{self, AskedCode, LinkPath};
use super::password_form::{Form, Said};
use super::{allowance, cookies, form, html};
use crate::error::{Error, Result};
use crate::limits::client_of;
use crate::state::AppState;

const FORM: form::Form = form::Form {
    name: "the form of a link's password",
    page: "the link itself",
};

/// The form as it was sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    password: String,
    /// What the visitor had asked for besides the code.
    #[serde(default)]
    query: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    preview: String,
}

/// `POST /auth/{code}`: whoever knows the password gets a cookie, and is sent back to the link.
///
/// The password is in the body only. It is neither stored nor logged, and no answer holds it.
pub async fn unlock(
    State(state): State<AppState>,
    AskedCode(code): AskedCode,
    headers: HeaderMap,
    body: Result<FormBody<Entry>, FormRejection>,
) -> Response {
    let answer = FORM.received(&headers, body, |entry| {
        check(&state, &headers, &code, entry)
    });
    answer.await
}

/// `GET /auth/{code}`: whoever opens the form's address again wants the form.
pub async fn back_to_link(AskedCode(code): AskedCode) -> Response {
    let address = format!("/{code}");
    match LinkPath::read(&address).filter(|path| path.extra.is_empty()) {
        Some(path) => Redirect::to(&back_to(path, "")).into_response(),
        None => html::not_found(),
    }
}

async fn check(
    state: &AppState,
    headers: &HeaderMap,
    code: &str,
    entry: Entry,
) -> Result<Response> {
    allowance::spend(state, headers).await?;
    let Some(link) = asked::find(state, headers, code).await? else {
        return Ok(html::not_found());
    };
    let (id, now) = (LinkId(link.id), state.timestamp());
    let visit = Visit {
        now,
        ..Visit::default()
    };
    let record = link.to_record()?;
    let path = LinkPath {
        code,
        extra: &entry.path,
        wants_preview: !entry.preview.is_empty(),
        wants_qr: false,
    };
    let (Outcome::AskPassword, Some(password)) = (decide(&record, &visit), link.password()?) else {
        // It may have had one when the form was shown.
        return Ok(Redirect::to(&back_to(path, &entry.query)).into_response());
    };
    let form = Form {
        host: asked::host(headers),
        path,
        query: &entry.query,
    };
    let counters = state.attempts.at_link(id, client_of(headers));
    if let Err(wait) = state.attempts.take(&counters, now).await {
        return Ok(form.page(Said::TooMany(wait)));
    }
    let hash = link.password_hash.clone();
    let verified = state.visitor_passwords.verify(entry.password, hash).await;
    state.attempts.give_back_unseen(&counters, &verified).await;
    if !verified? {
        return Ok(form.page(Said::Wrong));
    }
    state.attempts.give_back(&counters).await;

    let is_secure = state.config.public_url.scheme() == "https";
    let mut response = StatusCode::SEE_OTHER.into_response();
    let answer = response.headers_mut();
    for cookie in cookies::unlock(&state.unlock, id, password, code, now, is_secure) {
        let cookie = HeaderValue::try_from(cookie).map_err(Error::internal)?;
        answer.append(header::SET_COOKIE, cookie);
    }
    let location = HeaderValue::try_from(back_to(path, &entry.query)).map_err(Error::internal)?;
    answer.insert(header::LOCATION, location);
    let never = HeaderValue::from_static("private, no-store");
    answer.insert(header::CACHE_CONTROL, never);
    Ok(response)
}

/// Where the visitor came from. It begins with the link's own path, so it is no way to elsewhere.
fn back_to(path: LinkPath<'_>, query: &str) -> String {
    let mut location = format!("/{}", path.code);
    if path.wants_preview {
        location.push('+');
    }
    if path.extra.starts_with('/') {
        push_encoded(&mut location, path.extra);
    }
    if !query.is_empty() {
        location.push('?');
        push_encoded(&mut location, query);
    }
    location
}

/// What has no place in a header or in a URL gets its percent sign. What has one stays.
fn push_encoded(location: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !br##""#<>\"##.contains(&byte) {
            location.push(char::from(byte));
        } else {
            location.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors_are_sent_back_to_the_link_and_nowhere_else() {
        for (extra, wants_preview, query, expected) in [
            ("", false, "", "/abc"),
            ("", true, "", "/abc+"),
            ("/d/e", false, "x=1&y=%20", "/abc/d/e?x=1&y=%20"),
            ("//evil.example", false, "", "/abc//evil.example"),
            ("@evil.example", false, "", "/abc"),
            ("/\\x", false, "a\r\nb: c#d", "/abc/%5Cx?a%0D%0Ab:%20c%23d"),
        ] {
            let path = LinkPath {
                code: "abc",
                extra,
                wants_preview,
                wants_qr: false,
            };
            assert_eq!(back_to(path, query), expected);
        }
    }
}
