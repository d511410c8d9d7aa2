//! The proxy's requests, as the HTTP library presents them: links are answered here, and what is
//! not a link goes to the control plane, streamed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::{Clock, Domain, Method, RequestId, Timestamp};
use http::{HeaderName, header};
use pingora::ErrorType::{ConnectNoRoute, ConnectionClosed, ReadError, WriteError};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource};
use reqwest::Url;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::answer::Answer;
use crate::head::{BadHead, Head};
use crate::redirect::Redirector;
use crate::request_id::request_id;
use crate::route::{Route, route};
use crate::visit::Visitor;

/// How long a visitor's connection may be idle between requests. Seconds.
const KEEP_ALIVE: u64 = 60;

/// How long the control plane may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the control plane may be silent within an answer. Live connections send a ping more
/// often than that.
const SILENCE: Duration = Duration::from_secs(60);

/// What visitors may not tell the control plane about themselves, besides `x-forwarded-…`.
const OURS: [&str; 3] = ["x-request-id", "forwarded", "x-real-ip"];

/// All requests of the public port.
pub(crate) struct Edge {
    pub(crate) redirector: Arc<Redirector>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) default_domain: Domain,
    pub(crate) public_scheme: String,
    pub(crate) control_plane: Url,
    /// Requests that are being answered, so that a stop can wait for them.
    pub(crate) in_flight: TaskTracker,
}

/// What is known of a request besides its text.
pub(crate) struct Context {
    request_id: RequestId,
    arrived_at: Timestamp,
    _in_flight: TaskTrackerToken,
}

#[async_trait]
impl ProxyHttp for Edge {
    type CTX = Context;

    fn new_ctx(&self) -> Context {
        let arrived_at = self.clock.now();
        Context {
            request_id: request_id(arrived_at),
            arrived_at,
            _in_flight: self.in_flight.token(),
        }
    }

    /// Answers what is answered at the edge; false: the control plane does.
    async fn request_filter(
        &self,
        session: &mut Session,
        context: &mut Context,
    ) -> pingora::Result<bool> {
        if session.get_keepalive().is_some() {
            session.set_keepalive(Some(KEEP_ALIVE));
        }
        session.set_pipelining_enabled(true);
        let Some(answer) = self.answer(session, context).await else {
            return Ok(false);
        };
        answer.write(session, context.request_id).await?;
        Ok(true)
    }

    async fn upstream_peer(
        &self,
        _: &mut Session,
        _: &mut Context,
    ) -> pingora::Result<Box<HttpPeer>> {
        let host = self.control_plane.host_str().unwrap_or_default();
        let port = self.control_plane.port_or_known_default().unwrap_or(80);
        let is_tls = self.control_plane.scheme() == "https";
        // The peer's own look-up would block this thread, and panic when it fails.
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        let found = tokio::net::lookup_host((literal, port)).await;
        let address = found.ok().and_then(|mut addresses| addresses.next());
        let address = address.ok_or_else(|| Error::new_up(ConnectNoRoute))?;
        let mut peer = HttpPeer::new(address, is_tls, literal.to_owned());
        peer.options.connection_timeout = Some(CONNECT_TIMEOUT);
        peer.options.total_connection_timeout = Some(2 * CONNECT_TIMEOUT);
        peer.options.read_timeout = Some(SILENCE);
        peer.options.write_timeout = Some(SILENCE);
        Ok(Box::new(peer))
    }

    /// Only we say who asks, through which name, and what the request is called.
    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        let is_foreign = |name: &HeaderName| {
            name.as_str().starts_with("x-forwarded-") || OURS.contains(&name.as_str())
        };
        let foreign: Vec<HeaderName> = request
            .headers
            .keys()
            .filter(|name| is_foreign(name))
            .cloned()
            .collect();
        for name in foreign {
            request.remove_header(&name);
        }
        request.insert_header("x-request-id", context.request_id.to_string())?;
        request.insert_header("x-forwarded-proto", self.public_scheme.as_str())?;
        if let Some(host) = session.req_header().headers.get(header::HOST) {
            request.insert_header("x-forwarded-host", host.clone())?;
        }
        if let Some(address) = session.client_addr().and_then(|address| address.as_inet()) {
            request.insert_header("x-forwarded-for", address.ip().to_string())?;
        }
        Ok(())
    }

    async fn response_filter(
        &self,
        _: &mut Session,
        response: &mut ResponseHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        response.insert_header("x-request-id", context.request_id.to_string())
    }

    async fn logging(&self, session: &mut Session, _: Option<&Error>, context: &mut Context) {
        let status = session
            .response_written()
            .map(|response| response.status.as_u16());
        let request = session.req_header();
        let (method, path) = (&request.method, request.uri.path());
        tracing::debug!(request_id = %context.request_id, %method, path, status, "answered");
    }

    /// Errors are logged here, once, with the request's name.
    fn suppress_error_log(&self, _: &Session, _: &Context, _: &Error) -> bool {
        true
    }

    /// What to say when forwarding fails, or when writing an answer of ours did.
    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        context: &mut Context,
    ) -> FailToProxy {
        let request_id = context.request_id;
        let answer = match (error.esource(), error.etype()) {
            (ErrorSource::Downstream, ReadError | WriteError | ConnectionClosed) => {
                tracing::debug!(%request_id, %error, "the visitor went away");
                None
            }
            (ErrorSource::Downstream, _) => Some(Answer::bad_head(BadHead::Malformed)),
            _ => {
                tracing::error!(%request_id, %error, "a request could not be forwarded");
                Some(Answer::no_control_plane(request_id))
            }
        };
        let error_code = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        if let Some(answer) = answer
            && session.response_written().is_none()
            && let Err(error) = answer.write(session, request_id).await
        {
            tracing::debug!(%request_id, %error, "the visitor went away");
        }
        FailToProxy {
            error_code,
            can_reuse_downstream: false,
        }
    }
}

impl Edge {
    /// The edge's answer, if it is the edge that answers.
    async fn answer(&self, session: &Session, context: &Context) -> Option<Answer> {
        let request = session.req_header();
        let raw = session.to_h1_raw();
        let head = Head {
            raw: &raw,
            version: request.version,
            path: request.uri.path(),
            headers: &request.headers,
        };
        let domain = match head.check(&self.default_domain) {
            Ok(domain) => domain,
            Err(reason) => return Some(Answer::bad_head(reason)),
        };
        let address = session.client_addr().and_then(|address| address.as_inet());
        let address = address.map(|address| address.ip());
        let link = match route(&request.method, request.uri.path()) {
            Route::Link(link) => link,
            Route::Root => {
                return self
                    .redirector
                    .root(domain.as_str(), address)
                    .await
                    .answer();
            }
            Route::ControlPlane => return None,
            Route::WrongMethod(allow) => return Some(Answer::wrong_method(allow)),
            Route::Nowhere => return Some(Answer::not_found()),
        };
        let visitor = Visitor {
            request_id: context.request_id,
            arrived_at: context.arrived_at,
            method: if request.method == http::Method::HEAD {
                Method::Head
            } else {
                Method::Get
            },
            address,
            extra_path: link.extra,
            wants_preview: link.wants_preview,
            query: request.uri.query().unwrap_or_default(),
            fields: &request.headers,
        };
        let mut key = String::new();
        let (domain, code) = (domain.as_str(), link.code);
        let replying = self.redirector.answer(domain, code, &mut key, &visitor);
        replying.await.answer()
    }
}
