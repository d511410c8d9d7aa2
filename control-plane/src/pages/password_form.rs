use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::asked::LinkPath;
use super::html::{May, escaped, page};

/// The form that asks for a link's password.
pub(super) struct Form<'f> {
    /// Where the visitor is, for them to compare.
    pub(super) host: &'f str,
    /// What they asked for, and will be sent back to.
    pub(super) path: LinkPath<'f>,
    pub(super) query: &'f str,
}

/// What happened to the password before.
#[derive(Debug, Clone, Copy)]
pub(super) enum Said {
    /// There was none.
    Nothing,
    /// It was wrong.
    Wrong,
    /// It was not looked at: there were too many.
    TooMany(Duration),
}

impl Form<'_> {
    pub(super) fn page(&self, said: Said) -> Response {
        let (status, alert) = match said {
            Said::Nothing => (StatusCode::OK, String::new()),
            Said::Wrong => (
                StatusCode::FORBIDDEN,
                "This is not the password.".to_owned(),
            ),
            Said::TooMany(wait) => {
                let minutes = wait.as_secs() / 60 + 1;
                let text = format!("Too many attempts. Please try again in {minutes} minutes.");
                (StatusCode::TOO_MANY_REQUESTS, text)
            }
        };
        let mut response = page(
            status,
            "Password needed",
            &self.content(&alert),
            May::SendForms,
        );
        if let Said::TooMany(wait) = said {
            // Whole seconds, rounded up: one that comes back in time must not be refused again.
            let seconds = HeaderValue::from(wait.as_secs() + 1);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }

    fn content(&self, alert: &str) -> String {
        let address = escaped(&format!("{}/{}", self.host, self.path.code));
        let alert = match alert.is_empty() {
            true => String::new(),
            false => format!("<p class=\"alert\" role=\"alert\">{}</p>\n", escaped(alert)),
        };
        let mut hidden = String::new();
        for (name, value) in [
            ("query", self.query),
            ("path", self.path.extra),
            ("preview", if self.path.wants_preview { "1" } else { "" }),
        ] {
            if !value.is_empty() {
                let value = escaped(value);
                hidden.push_str(&format!(
                    "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">\n"
                ));
            }
        }
        let code = self.path.code;
        format!(
            "<p>The link <b class=\"address\">{address}</b> is protected.</p>\n{alert}\
             <form method=\"post\" action=\"/auth/{code}\">\n{hidden}\
             <label for=\"password\">Password</label>\n\
             <input id=\"password\" name=\"password\" type=\"password\" required autofocus \
             autocomplete=\"current-password\">\n\
             <button>Continue</button>\n</form>\n"
        )
    }
}
