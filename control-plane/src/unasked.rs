//! What nobody asked for: parameters of routes that take none, and bodies of requests that have none. Whoever
//! sends them means something by it, and would not learn that it was lost.
//!
//! Routes with parameters or with a body refuse those that they do not know by themselves.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use url::form_urlencoded;

use crate::error::{Error, FieldError, Result};
use crate::json::MAX_BODY;

/// Names that one answer refuses.
const MOST: usize = 20;

/// What each operation takes, from the API's description.
#[derive(Debug, Default)]
pub struct Asked(HashMap<(String, String), Takes>);

#[derive(Debug, Clone, Copy)]
struct Takes {
    parameters: bool,
    body: bool,
}

impl Asked {
    /// Of this description.
    pub fn of(description: &Value) -> Self {
        let mut asked = HashMap::new();
        for (path, operations) in description["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                let mut parameters = operation["parameters"].as_array().into_iter().flatten();
                let takes = Takes {
                    parameters: parameters.any(|parameter| parameter["in"] == "query"),
                    body: operation.get("requestBody").is_some(),
                };
                asked.insert((method.to_uppercase(), path.clone()), takes);
            }
        }
        Self(asked)
    }

    fn takes(&self, request: &Request) -> Option<Takes> {
        let path = request.extensions().get::<MatchedPath>()?;
        let method = match *request.method() {
            Method::HEAD => "GET",
            ref other => other.as_str(),
        };
        let operation = (method.to_owned(), path.as_str().to_owned());
        self.0.get(&operation).copied()
    }
}

/// Refuses it. Behind the [gate](crate::gate): strangers learn nothing of what a route takes.
pub async fn refuse(State(asked): State<Arc<Asked>>, request: Request, next: Next) -> Response {
    let Some(takes) = asked.takes(&request) else {
        return next.run(request).await;
    };
    if !takes.parameters
        && let Err(error) = refuse_parameters(request.uri().query().unwrap_or_default())
    {
        return error.into_response();
    }
    if takes.body {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match to_bytes(body, MAX_BODY).await {
        Ok(body) => match refuse_fields(&body) {
            Ok(()) => next.run(Request::from_parts(parts, Body::empty())).await,
            Err(error) => error.into_response(),
        },
        Err(_) => Error::TooLarge.into_response(),
    }
}

fn refuse_parameters(query: &str) -> Result<()> {
    let parameters = form_urlencoded::parse(query.as_bytes());
    let refused = parameters
        .take(MOST)
        .map(|(name, _)| FieldError::new(&name, "unknown_parameter", "there is no such parameter"));
    refuse_all(refused.collect())
}

fn refuse_fields(body: &[u8]) -> Result<()> {
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return Err(Error::Malformed("this request takes no body".into()));
    };
    let refused = fields
        .keys()
        .take(MOST)
        .map(|name| FieldError::new(name, "unknown_field", "this field is unknown"));
    refuse_all(refused.collect())
}

fn refuse_all(refused: Vec<FieldError>) -> Result<()> {
    match refused.is_empty() {
        true => Ok(()),
        false => Err(Error::Invalid(refused)),
    }
}
