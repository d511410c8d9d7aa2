//! Getting a page: a few hops, each of which must be allowed, a megabyte, three seconds.

use std::time::Duration;

use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, USER_AGENT};
use reqwest::{Response, StatusCode};
use url::Url;

use super::TargetPage;
use super::head::HeadReader;
use crate::outbound::Refused;
use crate::state::AppState;
use crate::target;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Redirects that are followed.
const MAX_HOPS: usize = 3;

/// What is read of a page. Bytes.
const LONGEST: usize = 1024 * 1024;

/// Sites give out their titles to what calls itself a bot.
const OURSELVES: &str = "LinkPulseBot/1.0 (link preview)";

/// Why nothing was read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// It may be otherwise later.
    #[error("{0}")]
    Passing(String),
    /// It will not.
    #[error("{0}")]
    Final(String),
}

/// Reads what the page at an address says of itself; `None` if that is nothing.
pub(super) async fn fetch(state: &AppState, address: &str) -> Result<Option<TargetPage>, Failure> {
    let late = |_| Failure::Passing("the page took too long".into());
    let page = tokio::time::timeout(PATIENCE, follow(state, address));
    page.await.map_err(late)?
}

async fn follow(state: &AppState, address: &str) -> Result<Option<TargetPage>, Failure> {
    let refused = |reason: target::Refused| Failure::Final(reason.to_string());
    let own_names = state.own_domains.names();
    let mut address = address.to_owned();
    for _ in 0..=MAX_HOPS {
        // Each hop is what a link may lead to; `outbound` looks at its addresses.
        let checked = target::check(&address, &own_names).map_err(refused)?;
        let url = Url::parse(&checked).map_err(|error| Failure::Final(error.to_string()))?;
        let request = state.outbound.get(&url);
        let request = request.map_err(|reason| Failure::Final(reason.to_string()))?;
        let request = request
            .header(USER_AGENT, OURSELVES)
            .header(ACCEPT, "text/html, application/xhtml+xml");
        let response = request.send().await.map_err(failure)?;
        match next(&response, &url) {
            Some(next) => address = next?,
            None => return read(state, response, &url).await,
        }
    }
    Err(Failure::Final("too many redirects".into()))
}

/// Where a redirect leads; `None` if it is none.
fn next(response: &Response, url: &Url) -> Option<Result<String, Failure>> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(LOCATION).filter(|_| is_redirect)?;
    let next = location.to_str().ok().and_then(|text| url.join(text).ok());
    Some(match next {
        Some(mut next) => {
            next.set_fragment(None);
            Ok(next.into())
        }
        None => Err(Failure::Final("a redirect to nowhere".into())),
    })
}

async fn read(
    state: &AppState,
    mut response: Response,
    url: &Url,
) -> Result<Option<TargetPage>, Failure> {
    let status = response.status();
    if !status.is_success() {
        let reason = format!("status {}", status.as_u16());
        return Err(match is_passing(status) {
            true => Failure::Passing(reason),
            false => Failure::Final(reason),
        });
    }
    let header = |name| {
        let value = response.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let is_packed = !matches!(header(CONTENT_ENCODING), "" | "identity");
    let kind = header(CONTENT_TYPE).to_owned();
    let mut parameters = kind.split(';').map(str::trim);
    let essence = parameters.next().unwrap_or_default().to_ascii_lowercase();
    if is_packed || !matches!(essence.as_str(), "" | "text/html" | "application/xhtml+xml") {
        return Err(Failure::Final(format!("no page but {essence:?}")));
    }
    let charset = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_it = name.trim().eq_ignore_ascii_case("charset");
        is_it.then(|| value.trim().trim_matches('"').to_owned())
    });
    let reader = HeadReader::new(charset.as_deref());
    let mut reader = reader.map_err(|error| Failure::Final(error.to_string()))?;
    let mut left = LONGEST;
    while left > 0
        && let Some(piece) = response.chunk().await.map_err(failure)?
    {
        let piece = &piece[..piece.len().min(left)];
        left -= piece.len();
        if !reader.read(piece) {
            break;
        }
    }
    // Closes the connection, whatever is still to come.
    drop(response);
    let own_names = state.own_domains.names();
    Ok(TargetPage::of(
        reader.finish(),
        url,
        &own_names,
        state.now(),
    ))
}

fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
}

fn failure(error: reqwest::Error) -> Failure {
    let mut cause: &(dyn std::error::Error + 'static) = &error;
    loop {
        if let Some(Refused::NotPublic) = cause.downcast_ref() {
            return Failure::Final(Refused::NotPublic.to_string());
        }
        match cause.source() {
            Some(source) => cause = source,
            // The innermost says most.
            None => return Failure::Passing(cause.to_string()),
        }
    }
}
