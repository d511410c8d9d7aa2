//! One connection, from its first byte to its last.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use contract::{Clock, Domain, Method};
use futures_util::poll;
use memchr::memchr_iter;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::TaskTracker;

use super::entrance::ProxyProtocol;
use super::hand_over::{Lent, http2, one_request};
use super::limits::Limits;
use super::request::{Body, Parsed, Request, guess, parse, storage};
use super::silence::Silence;
use super::socket::Socket;
use crate::answer::{Answer, Ending};
use crate::client_address::Forwarding;
use crate::fallback::Edge;
use crate::head::BadHead;
use crate::redirect::Redirector;
use crate::request_id::request_id;
use crate::route::{Route, route};
use crate::visit::Visitor;

/// How long a head may take, from its first byte to its last. A slow one is an attack or a lost
/// client; either holds a connection that others could have.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);

/// How long a client may take to read its answers. They are short: whoever cannot take them in
/// that time is gone, or holds a connection on purpose.
pub(super) const WRITE_DEADLINE: Duration = Duration::from_secs(5);

/// Requests on one connection. Its memory is given back now and then; nginx has the same number.
const MAX_REQUESTS: usize = 1_000;

/// How long a refused client may go on sending before the connection is cut. Without that, what
/// it sends makes the kernel discard our answer before it is read.
const LINGER: Duration = Duration::from_millis(500);

/// What a connection begins with that speaks HTTP/2.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What serves a connection.
pub(crate) struct Front {
    pub(crate) redirector: Arc<Redirector>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) default_domain: Domain,
    pub(crate) limits: Limits,
    pub(crate) forwarding: Arc<Forwarding>,
    pub(crate) proxy_protocol: ProxyProtocol,
    /// Where requests go that the front does not answer.
    pub(crate) proxy: Arc<HttpProxy<Edge>>,
    /// Requests that are being answered, so that a stop can wait for them.
    pub(crate) in_flight: TaskTracker,
}

/// What a connection keeps between requests, so that the next one allocates nothing.
struct Exchange {
    peer: IpAddr,
    /// The text of the key of the last link asked for.
    key: String,
    /// Answers that are not written yet.
    output: Vec<u8>,
}

/// What to do after a look at the input.
enum Step {
    /// Nothing: no head is complete.
    Wait,
    /// Go on behind a request of this length.
    Next(usize),
    /// The answer was the last. `linger`: the client may still be sending.
    Close { linger: bool },
    /// Lend the connection for a request of this extent.
    HandOver { extent: Option<u64>, is_last: bool },
}

impl Front {
    /// Serves a connection until it ends. `peer` may be a proxy that speaks for others.
    pub(super) async fn serve(
        &self,
        mut socket: Socket,
        peer: SocketAddr,
        shutdown: ShutdownWatch,
    ) {
        let mut silence = Silence::new(shutdown.clone());
        let mut input = BytesMut::with_capacity(4 * 1024);
        let mut exchange = Exchange {
            peer: peer.ip(),
            key: String::with_capacity(64),
            output: Vec::with_capacity(1024),
        };
        let mut answered = 0;
        while self.read(&mut socket, &mut input, &mut silence).await {
            let has_preface = input.starts_with(PREFACE);
            if answered == 0 && socket.agreed_on_http2().unwrap_or(has_preface) {
                if has_preface {
                    let lent = Lent::for_http2(socket, input, peer);
                    http2(&self.proxy, lent, &shutdown).await;
                }
                return;
            }
            let _in_flight = self.in_flight.token();
            // Everything that has arrived is answered before anything is written, so that
            // pipelined requests cost one write.
            let step = loop {
                // RFC 9112 §2.2: old clients send an empty line after a body.
                while input.starts_with(b"\r\n") {
                    input.advance(2);
                }
                let is_last = answered + 1 >= MAX_REQUESTS || *shutdown.borrow();
                match self.answer(&input, is_last, &mut exchange).await {
                    Step::Next(length) => {
                        input.advance(length);
                        answered += 1;
                    }
                    step => break step,
                }
            };
            if !write(&mut socket, &mut exchange.output).await {
                return;
            }
            match step {
                Step::Wait | Step::Next(_) => {}
                Step::Close { linger } => {
                    let _ = timeout(WRITE_DEADLINE, socket.shutdown()).await;
                    if linger {
                        drain(&mut socket).await;
                    }
                    return;
                }
                Step::HandOver { extent, is_last } => {
                    let lent = Lent::for_request(socket, input, peer, extent);
                    let returned = one_request(&self.proxy, lent, is_last, &shutdown).await;
                    let Some(returned) = returned else { return };
                    (socket, input) = returned;
                    answered += 1;
                }
            }
        }
    }

    /// Reads until the input holds a whole head, or too much for one; false when the connection
    /// is over.
    async fn read(&self, socket: &mut Socket, input: &mut BytesMut, silence: &mut Silence) -> bool {
        if input.is_empty() {
            let is_alive = tokio::select! {
                biased;
                read = socket.read_buf(input) => matches!(read, Ok(1..)),
                // Nobody is being answered here: a stop need not wait.
                () = silence.end() => false,
            };
            if !is_alive {
                return false;
            }
            silence.broken();
        }
        if is_head(input) {
            return true;
        }
        let deadline = Instant::now() + HEAD_DEADLINE;
        while !is_head(input) {
            if !matches!(
                timeout_at(deadline, socket.read_buf(input)).await,
                Ok(Ok(1..))
            ) {
                return false;
            }
        }
        true
    }

    /// Appends the answer to the first request of the input, if it is one for the edge.
    async fn answer(&self, input: &[u8], is_last: bool, exchange: &mut Exchange) -> Step {
        if input.is_empty() {
            return Step::Wait;
        }
        let now = self.clock.now();
        let mut ending = Ending {
            request_id: request_id(now),
            now,
            is_head: false,
            closes: is_last,
        };
        let mut storage = storage();
        let (request, length) = match parse(input, &mut storage, &self.default_domain) {
            Ok(Parsed::Complete(request, length)) => (request, length),
            Ok(Parsed::Partial) if !is_head(input) => return Step::Wait,
            refused => {
                let reason = refused.err().unwrap_or(BadHead::Malformed);
                let (method, path) = guess(input);
                ending.is_head = method == b"HEAD";
                Answer::bad_head(reason)
                    .in_the_form_of(path, ending.request_id)
                    .append_to(&mut exchange.output, &ending);
                return Step::Close { linger: true };
            }
        };
        let Some(answer) = self.answer_to(&request, &ending, exchange).await else {
            let extent = request.extent(length);
            return Step::HandOver { extent, is_last };
        };
        ending.is_head = request.method == "HEAD";
        // A body is not read, so nobody knows where the next request begins.
        let has_body = request.body != Body::Empty;
        ending.closes |= request.wants_close || has_body;
        answer.append_to(&mut exchange.output, &ending);
        let (request_id, status) = (ending.request_id, answer.status().as_u16());
        tracing::debug!(%request_id, status, "answered");
        if ending.closes {
            Step::Close { linger: has_body }
        } else {
            Step::Next(length)
        }
    }

    async fn answer_to(
        &self,
        request: &Request<'_, '_>,
        ending: &Ending,
        exchange: &mut Exchange,
    ) -> Option<Answer> {
        let refused =
            |answer: Answer| answer.in_the_form_of(request.path.as_bytes(), ending.request_id);
        let Ok(method) = http::Method::from_bytes(request.method.as_bytes()) else {
            return Some(refused(Answer::bad_head(BadHead::Malformed)));
        };
        let Exchange { peer, key, .. } = exchange;
        let address = Some(self.forwarding.client(*peer, &request.fields));
        let link = match route(&method, request.path) {
            Route::Link(link) => link,
            Route::Root => {
                return self
                    .redirector
                    .root(&request.domain, address)
                    .await
                    .answer();
            }
            Route::ControlPlane => return None,
            Route::WrongMethod(allow) => return Some(refused(Answer::wrong_method(allow))),
            Route::Nowhere => return Some(Answer::not_found()),
        };
        let visitor = Visitor {
            request_id: ending.request_id,
            arrived_at: ending.now,
            method: if method == http::Method::HEAD {
                Method::Head
            } else {
                Method::Get
            },
            address,
            extra_path: link.extra,
            wants_preview: link.wants_preview,
            query: request.query,
            fields: &request.fields,
        };
        let (domain, code) = (&request.domain, link.code);
        let replying = self.redirector.answer(domain, code, key, &visitor);
        replying.await.answer()
    }
}

/// Whether there is enough to be parsed: the end of a head, or more than a head may be. A cheap
/// look, so that a head that comes in pieces is not parsed for each of them.
fn is_head(input: &[u8]) -> bool {
    // It looks like a head before it is complete.
    if input.len() < PREFACE.len() && PREFACE.starts_with(input) {
        return false;
    }
    // The end of a head has no carriage returns if the client breaks the rules; it must be
    // refused, not waited for.
    input.len() >= crate::head::MAX_HEAD
        || memchr_iter(b'\n', input).any(|end| {
            let next = &input[end + 1..];
            next.starts_with(b"\n") || next.starts_with(b"\r\n")
        })
}

/// Writes what there is; false when the client does not take it.
async fn write(socket: &mut Socket, output: &mut Vec<u8>) -> bool {
    if output.is_empty() {
        return true;
    }
    let mut writing = pin!(async {
        socket.write_all(output).await?;
        socket.flush().await
    });
    // Nearly always the kernel takes all of it at once, and no deadline is needed.
    let is_written = match poll!(writing.as_mut()) {
        Poll::Ready(written) => written.is_ok(),
        Poll::Pending => matches!(timeout(WRITE_DEADLINE, writing).await, Ok(Ok(()))),
    };
    output.clear();
    is_written
}

async fn drain(socket: &mut Socket) {
    let mut rest = [0; 4 * 1024];
    let reading = async { while matches!(socket.read(&mut rest).await, Ok(1..)) {} };
    // Whoever does not stop sending is cut off.
    let _ = timeout(LINGER, reading).await;
}
