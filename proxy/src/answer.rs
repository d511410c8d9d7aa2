//! Answers made at the edge, all of them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use contract::{LinkRecord, Redirect, RedirectStatus, RequestId, SocialPreview, Timestamp};
use http::{HeaderName, HeaderValue, StatusCode, header};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use service::style_source;

use crate::cache::Cached;
use crate::cookies::keep_variant;
use crate::head::BadHead;
use crate::route::is_api;

/// Browsers' own default: a visitor's page is named to the target by its origin only. A redirect
/// may only tighten what the page asked for, so nothing wider is right here.
const REFERRER_POLICY: &str = "strict-origin-when-cross-origin";

const STYLE: &str = "body{font:1.1rem system-ui;margin:20vh auto;max-width:30rem;padding:0 1rem}";

/// The page behind an error is a sentence, and runs nothing. It looks as [`STYLE`] says.
static PAGE_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!("default-src 'none'; style-src {}", style_source(STYLE));
    let nothing = HeaderValue::from_static("default-src 'none'");
    HeaderValue::try_from(policy).unwrap_or(nothing)
});

const JSON: &str = "application/problem+json";
const HTML: &str = "text/html; charset=utf-8";

/// What an answer needs to know besides what it says.
#[derive(Debug)]
pub(crate) struct Ending {
    /// The request's name.
    pub(crate) request_id: RequestId,
    /// When the request arrived, for the `Date`.
    pub(crate) now: Timestamp,
    /// The body is left out, its length is not.
    pub(crate) is_head: bool,
    /// The connection ends with this answer.
    pub(crate) closes: bool,
}

/// Where a redirect leads.
#[derive(Debug)]
enum Location {
    /// To the target as it is stored.
    Stored(Arc<Cached>),
    /// Elsewhere.
    Made(String),
}

impl Location {
    fn as_str(&self) -> &str {
        match self {
            Self::Stored(cached) => cached.link().map_or("", |link| &link.original_url),
            Self::Made(url) => url,
        }
    }
}

/// Who may keep an answer.
#[derive(Debug, Clone, Copy)]
enum CachePolicy {
    /// Nobody: each visit is a click, and each edit takes effect.
    Nobody,
    /// The visitor's browser, for so many seconds.
    Browser(u32),
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    /// Where to, for a redirect.
    location: Option<Location>,
    cache: CachePolicy,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    /// Whether the connection ends with it: after a head that cannot be trusted, nobody knows
    /// where the next request begins.
    closes: bool,
}

impl Answer {
    /// On to the link's target as it is stored, which can be sent.
    pub(crate) fn redirect(status: RedirectStatus, cached: Arc<Cached>) -> Self {
        Self::to(status, Location::Stored(cached)).with_static("x-robots-tag", "noindex")
    }

    /// On to where the link's options say, which can be sent.
    pub(crate) fn redirect_by_options(
        link: &LinkRecord,
        redirect: &Redirect<'_>,
        is_do_not_track: bool,
    ) -> Self {
        let location = Location::Made(redirect.location.clone().into_owned());
        let mut answer = Self::to(redirect.status, location);
        if redirect.max_age > 0 {
            answer.cache = CachePolicy::Browser(redirect.max_age);
        }
        if redirect.sets_cookie && !is_do_not_track {
            let cookie = keep_variant(link.link_id, link.code.as_str(), redirect.variant);
            // It consists of digits, letters and punctuation.
            if let Ok(cookie) = HeaderValue::try_from(cookie) {
                answer = answer.with(header::SET_COOKIE, cookie);
            }
        }
        let is_indexable = link
            .options
            .as_ref()
            .is_some_and(|options| options.is_indexable);
        match is_indexable {
            true => answer,
            false => answer.with_static("x-robots-tag", "noindex"),
        }
    }

    /// To a place of the domain's, which can be sent.
    pub(crate) fn elsewhere(url: String) -> Self {
        Self::to(RedirectStatus::Found, Location::Made(url)).with_static("x-robots-tag", "noindex")
    }

    fn to(status: RedirectStatus, location: Location) -> Self {
        let mut answer = Self::empty(match status {
            RedirectStatus::MovedPermanently => StatusCode::MOVED_PERMANENTLY,
            RedirectStatus::Found => StatusCode::FOUND,
            RedirectStatus::Temporary => StatusCode::TEMPORARY_REDIRECT,
            RedirectStatus::Permanent => StatusCode::PERMANENT_REDIRECT,
        });
        answer.location = Some(location);
        answer
    }

    /// What a chat is to show, in the form that chats read.
    pub(crate) fn social_preview(preview: &SocialPreview) -> Self {
        let mut answer = Self::html(StatusCode::OK);
        answer.body = social_page(preview).into();
        answer
    }

    /// Taken down, or not for this visitor.
    pub(crate) fn blocked() -> Self {
        Self::page(
            StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
            "This link is not available.",
        )
    }

    /// The link was there, and is not any more.
    pub(crate) fn gone() -> Self {
        Self::page(StatusCode::GONE, "This link is no longer available.")
    }

    /// There is no such link, nor anything else.
    pub(crate) fn not_found() -> Self {
        Self::page(
            StatusCode::NOT_FOUND,
            "There is nothing here. Check the link for a typing error.",
        )
    }

    /// Nobody could be asked about the link.
    pub(crate) fn unavailable() -> Self {
        let text = "This link cannot be looked up at the moment. Please try again.";
        Self::page(StatusCode::SERVICE_UNAVAILABLE, text)
            .with(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// The client has made us look up too many links.
    pub(crate) fn too_many_misses(wait: Duration) -> Self {
        // Whole seconds, rounded up: one that comes back in time must not be refused again.
        let seconds = wait.as_secs() + 1;
        let text = "Too many links were asked for from your address. Please wait a moment.";
        Self::page(StatusCode::TOO_MANY_REQUESTS, text)
            .with(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The link's target is damaged.
    pub(crate) fn broken_link() -> Self {
        Self::page(
            StatusCode::INTERNAL_SERVER_ERROR,
            "This link is damaged. Its owner has to set it again.",
        )
    }

    /// The method makes no sense here; `allow` lists those that surely do.
    pub(crate) fn wrong_method(allow: &'static str) -> Self {
        Self::empty(StatusCode::METHOD_NOT_ALLOWED)
            .with(header::ALLOW, HeaderValue::from_static(allow))
    }

    /// The head was refused.
    pub(crate) fn bad_head(reason: BadHead) -> Self {
        let mut answer = Self::empty(match reason {
            BadHead::Malformed => StatusCode::BAD_REQUEST,
            BadHead::PathTooLong => StatusCode::URI_TOO_LONG,
            BadHead::TooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        });
        answer.closes = true;
        answer
    }

    /// The control plane could not be reached, or broke off. In the form of its own errors, since
    /// its clients wait for those.
    pub(crate) fn no_control_plane(request_id: RequestId) -> Self {
        let detail = "The control plane cannot be reached. Please try again.";
        let mut answer = Self::empty(StatusCode::SERVICE_UNAVAILABLE)
            .with_problem("unavailable", detail, request_id)
            .with(header::RETRY_AFTER, HeaderValue::from_static("1"));
        answer.closes = true;
        answer
    }

    /// A refusal, in the form of the control plane's errors if the path is the API's.
    pub(crate) fn in_the_form_of(self, path: &[u8], request_id: RequestId) -> Self {
        if !is_api(path) {
            return self;
        }
        let (code, detail) = match self.status {
            StatusCode::BAD_REQUEST => ("malformed", "The request's head cannot be read."),
            StatusCode::METHOD_NOT_ALLOWED => (
                "method_not_allowed",
                "The API has nothing that is done with this method.",
            ),
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (
                "head_too_large",
                "A request's head has at most 16 KiB and 64 fields.",
            ),
            // Its paths may be as long as a head.
            _ => return self,
        };
        self.with_problem(code, detail, request_id)
    }

    /// The status code, for the log.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Appends the answer as HTTP/1.1.
    pub(crate) fn append_to(&self, output: &mut Vec<u8>, ending: &Ending) {
        let reason = self.status.canonical_reason().unwrap_or_default();
        let status: [&[u8]; 5] = [
            b"HTTP/1.1 ",
            self.status.as_str().as_bytes(),
            b" ",
            reason.as_bytes(),
            b"\r\n",
        ];
        status
            .iter()
            .for_each(|part| output.extend_from_slice(part));
        if let Some(location) = &self.location {
            output.extend_from_slice(b"location: ");
            output.extend_from_slice(location.as_str().as_bytes());
            output.extend_from_slice(b"\r\nreferrer-policy: ");
            output.extend_from_slice(REFERRER_POLICY.as_bytes());
            output.extend_from_slice(b"\r\n");
        }
        for (name, value) in &self.headers {
            output.extend_from_slice(name.as_str().as_bytes());
            output.extend_from_slice(b": ");
            output.extend_from_slice(value.as_bytes());
            output.extend_from_slice(b"\r\n");
        }
        if self.body.is_empty() {
            output.extend_from_slice(b"content-length: 0");
        } else {
            output.extend_from_slice(b"content-length: ");
            output.extend_from_slice(self.body.len().to_string().as_bytes());
        }
        output.extend_from_slice(b"\r\ncache-control: ");
        output.extend_from_slice(self.cache_control().as_bytes());
        output.extend_from_slice(b"\r\nx-request-id: ");
        output.extend_from_slice(RequestId::PREFIX.as_bytes());
        output.extend_from_slice(&contract::id::digits(ending.request_id.0.as_u128()));
        output.extend_from_slice(b"\r\ndate: ");
        append_date(output, ending.now);
        if ending.closes || self.closes {
            output.extend_from_slice(b"\r\nconnection: close");
        }
        output.extend_from_slice(b"\r\n\r\n");
        if !ending.is_head {
            output.extend_from_slice(&self.body);
        }
    }

    /// Writes the answer. The body is left out for HEAD, its length is not.
    pub(crate) async fn write(
        self,
        session: &mut Session,
        request_id: RequestId,
    ) -> pingora::Result<()> {
        if self.closes {
            session.set_keepalive(None);
        }
        let cache_control = self.cache_control();
        let mut response = ResponseHeader::build(self.status, Some(self.headers.len() + 6))?;
        if let Some(location) = &self.location {
            response.insert_header(header::LOCATION, location.as_str())?;
            response.insert_header(header::REFERRER_POLICY, REFERRER_POLICY)?;
        }
        for (name, value) in self.headers {
            response.append_header(name, value)?;
        }
        response.insert_header(header::CONTENT_LENGTH, self.body.len())?;
        response.insert_header(header::CACHE_CONTROL, cache_control.as_ref())?;
        response.insert_header("x-request-id", request_id.to_string())?;
        let is_whole = self.body.is_empty() || session.req_header().method == http::Method::HEAD;
        session
            .write_response_header(Box::new(response), is_whole)
            .await?;
        if !is_whole {
            session.write_response_body(Some(self.body), true).await?;
        }
        Ok(())
    }

    fn empty(status: StatusCode) -> Self {
        Self {
            status,
            location: None,
            cache: CachePolicy::Nobody,
            headers: Vec::new(),
            body: Bytes::new(),
            closes: false,
        }
    }

    fn page(status: StatusCode, text: &'static str) -> Self {
        let title = status.canonical_reason().unwrap_or_default();
        let mut answer = Self::html(status);
        answer.body = format!(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\n\
             <style>{STYLE}</style>\n<h1>{title}</h1>\n<p>{text}</p>\n</html>\n"
        )
        .into();
        answer
    }

    fn html(status: StatusCode) -> Self {
        Self::empty(status)
            .with(header::CONTENT_TYPE, HeaderValue::from_static(HTML))
            .with(header::CONTENT_SECURITY_POLICY, PAGE_POLICY.clone())
            .with_static("x-content-type-options", "nosniff")
            .with_static("x-robots-tag", "noindex")
    }

    fn cache_control(&self) -> Cow<'static, str> {
        match self.cache {
            CachePolicy::Nobody => "private, no-store".into(),
            CachePolicy::Browser(seconds) => format!("private, max-age={seconds}").into(),
        }
    }

    /// With a body as RFC 9457 has it. Names of codes: `problem/code.rs` of the control plane.
    fn with_problem(self, code: &str, detail: &str, request_id: RequestId) -> Self {
        let problem = serde_json::json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "code": code,
            "detail": detail,
            "request_id": request_id.to_string(),
        });
        let mut answer = self.with(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        answer.body = problem.to_string().into();
        answer
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    fn with_static(self, name: &'static str, value: &'static str) -> Self {
        self.with(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    }
}

/// The tags that chats read, and a word for a person who gets here.
fn social_page(preview: &SocialPreview) -> String {
    let mut tags = String::new();
    let mut tag = |name: &str, content: &Option<String>| {
        if let Some(content) = content {
            let content = escaped(content);
            tags.push_str(&format!(
                "<meta property=\"{name}\" content=\"{content}\">\n"
            ));
        }
    };
    tag("og:title", &preview.title);
    tag("og:description", &preview.description);
    tag("og:image", &preview.image_url);
    let title = escaped(preview.title.as_deref().unwrap_or("Link"));
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta name=\"twitter:card\" content=\"summary_large_image\">\n{tags}\
         <p>{title}</p>\n</html>\n"
    )
}

/// Text that cannot be taken for markup, within quotes or without.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

thread_local! {
    /// The date of the last answer on this thread, and the second it is for.
    static DATE: RefCell<(i64, String)> = const { RefCell::new((-1, String::new())) };
}

fn append_date(output: &mut Vec<u8>, now: Timestamp) {
    let second = now.as_micros().max(0) / 1_000_000;
    DATE.with_borrow_mut(|(formatted, text)| {
        if *formatted != second {
            let since_epoch = Duration::from_secs(second.unsigned_abs());
            *text = httpdate::fmt_http_date(UNIX_EPOCH + since_epoch);
            *formatted = second;
        }
        output.extend_from_slice(text.as_bytes());
    });
}
