//! Forms as they come back.

use std::future::Future;

use axum::Form as FormBody;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{asked, html};
use crate::auth::is_from_our_page;
use crate::error::Result;

/// What a form is called when it cannot be used.
pub(super) struct Form {
    /// As in "This is not …".
    pub(super) name: &'static str,
    /// As in "Open …", to get it from us.
    pub(super) page: &'static str,
}

impl Form {
    /// Does what the form says, if it is one, and came from our own page.
    pub(super) async fn received<T, F: Future<Output = Result<Response>>>(
        &self,
        headers: &HeaderMap,
        body: Result<FormBody<T>, FormRejection>,
        done: impl FnOnce(T) -> F,
    ) -> Response {
        if !is_from_our_page(headers, &[asked::host(headers)]) {
            let text = format!("This form was sent from another site. Open {}.", self.page);
            return html::sentence(StatusCode::FORBIDDEN, &text);
        }
        match body {
            Ok(FormBody(entry)) => done(entry).await.unwrap_or_else(html::failed),
            Err(rejection) => {
                let status = rejection.into_response().status();
                html::sentence(status, &format!("This is not {}.", self.name))
            }
        }
    }
}
