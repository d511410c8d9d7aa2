//! The proxy's requests, as the HTTP library presents them: links are answered here, and what is
//! not a link goes to the control plane, streamed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::{Clock, Domain, Method, RequestId, Timestamp};
use http::{HeaderName, Version, header};
use pingora::ErrorType::{ConnectNoRoute, ConnectionClosed, ReadError, WriteError};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource};
use reqwest::Url;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::answer::Answer;
use crate::client_address::Forwarding;
use crate::head::{BadHead, Head};
use crate::redirect::Redirector;
use crate::request_id::request_id;
use crate::route::{Route, route};
use crate::visit::Visitor;

/// How long a visitor may take to read a piece of an answer, or to send the rest of a body that
/// nobody wants. (A piece of a body that is wanted has the library's 60 s.)
const VISITOR_TIMEOUT: Duration = Duration::from_secs(30);

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
    pub(crate) forwarding: Arc<Forwarding>,
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
        session.set_write_timeout(Some(VISITOR_TIMEOUT));
        session.set_total_drain_timeout(Some(VISITOR_TIMEOUT));
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
        let peer = peer(session);
        let asked = session.req_header();
        let came_by_tls = session
            .digest()
            .is_some_and(|digest| digest.ssl_digest.is_some());
        let ours = if came_by_tls {
            "https"
        } else {
            &self.public_scheme
        };
        let theirs = peer.and_then(|peer| self.forwarding.scheme(peer, &asked.headers));
        request.insert_header("x-forwarded-proto", theirs.unwrap_or(ours))?;
        if let Some(host) = asked.headers.get(header::HOST) {
            request.insert_header("x-forwarded-host", host.clone())?;
        } else if let Some(authority) = asked.uri.authority() {
            request.insert_header("x-forwarded-host", authority.as_str())?;
        }
        if let Some(peer) = peer {
            let client = self.forwarding.client(peer, &asked.headers);
            request.insert_header("x-forwarded-for", client.to_string())?;
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
            (ErrorSource::Downstream, _) => {
                let path = session.req_header().uri.path().as_bytes();
                Some(Answer::bad_head(BadHead::Malformed).in_the_form_of(path, request_id))
            }
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
    /// The edge's answer, if it is the edge that answers. The front has asked itself that already
    /// for HTTP/1, and found that the control plane does.
    async fn answer(&self, session: &Session, context: &Context) -> Option<Answer> {
        let request = session.req_header();
        if request.version != Version::HTTP_2 {
            return None;
        }
        let head = Head {
            uri: &request.uri,
            headers: &request.headers,
        };
        let path = request.uri.path();
        let refused = |answer: Answer| answer.in_the_form_of(path.as_bytes(), context.request_id);
        let domain = match head.check(&self.default_domain) {
            Ok(domain) => domain,
            Err(reason) => return Some(refused(Answer::bad_head(reason))),
        };
        let address = peer(session).map(|peer| self.forwarding.client(peer, &request.headers));
        let link = match route(&request.method, path) {
            Route::Link(link) => link,
            Route::Root => {
                return self.redirector.root(&domain, address).await.answer();
            }
            Route::ControlPlane => return None,
            Route::WrongMethod(allow) => return Some(refused(Answer::wrong_method(allow))),
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
        let replying = self
            .redirector
            .answer(&domain, link.code, &mut key, &visitor);
        replying.await.answer()
    }
}

/// Who has connected: the visitor, or a proxy.
fn peer(session: &Session) -> Option<IpAddr> {
    let address = session.client_addr()?.as_inet()?;
    Some(address.ip())
}
