//! The HTTP client for services on this machine.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

/// Longest that one request may take. Everything asked here answers in milliseconds.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A client that follows no redirect, since a redirect is what it wants to see, and that no
/// `HTTP_PROXY` sends astray. It speaks plain HTTP only: without certificates to trust it also
/// starts where none are installed.
pub(crate) fn client() -> reqwest::Result<Client> {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .tls_certs_only([])
        .timeout(TIMEOUT)
        .user_agent(concat!("linkpulse/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Asks a health address; an answer other than 2xx, or none, is the error's text.
pub(crate) async fn health(client: &Client, url: &str) -> Result<(), String> {
    let response = client
        .get(url)
        .send()
        .await
        .map_err(|error| reason(&error))?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let body = response.text().await.unwrap_or_default();
    Err(explain(status, &body))
}

/// The innermost cause: the layers above it only say that there was a request.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match error.is_timeout() {
        true => format!("no answer within {TIMEOUT:?}"),
        false => cause.to_string(),
    }
}

/// What a `/readyz` waits for, or the plain answer.
fn explain(status: StatusCode, body: &str) -> String {
    let body = body.trim();
    let parsed: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let waiting = parsed
        .as_ref()
        .and_then(|body| body["waiting_for"].as_object());
    match waiting {
        Some(waiting) => {
            let conditions = waiting.iter().map(|(name, reason)| {
                let reason = reason.as_str().unwrap_or("unknown");
                format!("{name}: {reason}")
            });
            conditions.collect::<Vec<_>>().join("; ")
        }
        None => format!("{status} {body}").trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_told_in_words() {
        let body = r#"{"ready":false,"waiting_for":{"database":"starting"}}"#;
        let status = StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(explain(status, body), "database: starting");
        assert_eq!(explain(status, ""), "503 Service Unavailable");
    }
}
