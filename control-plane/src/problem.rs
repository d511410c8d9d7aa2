//! Errors on the wire: RFC 9457 `application/problem+json`, made in this one place.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::RequestId;
use serde::Serialize;

use crate::error::{self, Error, FieldError};
use crate::once::DoneBefore;

mod code;

pub use code::Code;

/// Refused fields that are told of one of many problems: a thousand of these make a megabyte.
const FEW_ERRORS: usize = 5;

/// The body of every error.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    #[schema(example = "Unprocessable Entity")]
    title: &'static str,
    /// The status.
    #[schema(example = 422)]
    status: u16,
    /// Stable code for programs.
    #[schema(example = "validation_failed")]
    code: &'static str,
    /// What happened, for people.
    #[schema(example = "original_url refused")]
    detail: String,
    /// Name of the request in our logs.
    #[schema(example = "req_01K9ZC6T2YJ4T1B6Q8S3W5")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<String>,
    /// Each field that was refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// With `code_taken`: a code like the one asked for that is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    suggestion: Option<String>,
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let code = Code::of(error);
        let status = code.status();
        // What went wrong inside is for the log.
        let detail = match error {
            Error::Internal(_) => "something went wrong on our side".into(),
            other => other.to_string(),
        };
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code: code.as_str(),
            detail,
            request_id: None,
            errors: if let Error::Invalid(errors) = error {
                errors.clone()
            } else {
                Vec::new()
            },
            suggestion: match error {
                Error::CodeTaken { suggestion, .. } => Some(suggestion.clone()),
                _ => None,
            },
        }
    }
}

impl Problem {
    /// The same with a few of its refused fields: where many problems are kept together.
    #[must_use]
    pub fn with_few_errors(mut self) -> Self {
        self.errors = error::few(self.errors, FEW_ERRORS);
        self
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl IntoResponse for Error {
    /// The body follows in [`render`], which knows the request's id.
    fn into_response(self) -> Response {
        match &self {
            Error::Internal(reason) => tracing::error!(reason, "request failed"),
            Error::Unavailable(source) => tracing::warn!(%source, "database away"),
            Error::NoNameServer(reason) => tracing::warn!(reason, "name servers away"),
            Error::NoRedis(source) => tracing::warn!(%source, "redis away"),
            _ => {}
        }
        let problem = Problem::from(&self);
        let status = Code::of(&self).status();
        let mut response = (status, axum::Extension(problem)).into_response();
        if matches!(self, Error::AlreadyDone) {
            response.extensions_mut().insert(DoneBefore);
        }
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"LinkPulse\"");
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        if let Some(seconds) = retry_after(&self, status) {
            let seconds = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

/// Whole seconds, rounded up: one that comes back in time must not be refused again.
fn retry_after(error: &Error, status: StatusCode) -> Option<u64> {
    match error {
        Error::TooManyAttempts(wait) | Error::RateLimited(wait) => Some(wait.as_secs() + 1),
        Error::StillRunning | Error::AlreadyDone => Some(1),
        _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(1),
        _ => None,
    }
}

/// Gives problems their body. The outermost layer that still sees the request's id.
pub async fn render(request: Request, next: Next) -> Response {
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .map(RequestId::to_string);
    let mut response = next.run(request).await;
    let Some(mut problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    problem.request_id = request_id;
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(body);
    response
}
