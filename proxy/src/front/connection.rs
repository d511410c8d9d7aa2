//! One connection, from its first byte to its end or its hand-over.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf, BytesMut};
use contract::{Clock, Domain, Method};
use futures_util::poll;
use memchr::memchr_iter;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::protocols::l4::stream::Stream as TcpStream;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::TaskTracker;

use super::limits::Limits;
use super::request::{Parsed, Request, parse, storage};
use super::silence::Silence;
use crate::answer::{Answer, Ending};
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
const WRITE_DEADLINE: Duration = Duration::from_secs(5);

/// Requests on one connection. Its memory is given back now and then; nginx has the same number.
const MAX_REQUESTS: usize = 1_000;

/// How long a refused client may go on sending before the connection is cut. Without that, what
/// it sends makes the kernel discard our answer before it is read.
const LINGER: Duration = Duration::from_millis(500);

/// The app of the public port.
pub(crate) struct Front {
    pub(crate) redirector: Arc<Redirector>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) default_domain: Domain,
    pub(crate) limits: Limits,
    /// Where connections go that the front does not serve.
    pub(crate) proxy: Arc<HttpProxy<Edge>>,
    /// Requests that are being answered, so that a stop can wait for them.
    pub(crate) in_flight: TaskTracker,
}

#[async_trait]
impl ServerApp for Front {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let address = client_address(&stream);
        let _slot = self.limits.admit(address)?;
        let handed_over = match into_tcp(stream) {
            Ok(stream) => self.serve(stream, address, shutdown.clone()).await?,
            Err(stream) => stream,
        };
        self.proxy.process_new(handed_over, shutdown).await
    }
}

/// What a connection keeps between requests, so that the next one allocates nothing.
struct Exchange {
    address: Option<IpAddr>,
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
    /// Put the input back and hand the connection over.
    HandOver,
}

impl Front {
    /// Answers requests until the connection ends, or is handed over: then it is returned.
    async fn serve(
        &self,
        mut stream: Box<TcpStream>,
        address: Option<IpAddr>,
        shutdown: ShutdownWatch,
    ) -> Option<Stream> {
        let mut silence = Silence::new(shutdown.clone());
        let mut input = BytesMut::with_capacity(4 * 1024);
        let mut exchange = Exchange {
            address,
            key: String::with_capacity(64),
            output: Vec::with_capacity(1024),
        };
        let mut answered = 0;
        loop {
            if !self.read(&mut stream, &mut input, &mut silence).await {
                return None;
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
            if !exchange.output.is_empty() {
                let mut writing = pin!(async {
                    stream.write_all(&exchange.output).await?;
                    stream.flush().await
                });
                // Nearly always the kernel takes all of it at once, and no deadline is needed.
                let written = match poll!(writing.as_mut()) {
                    Poll::Ready(written) => written,
                    Poll::Pending => timeout(WRITE_DEADLINE, writing).await.ok()?,
                };
                written.ok()?;
                exchange.output.clear();
            }
            match step {
                Step::Wait | Step::Next(_) => {}
                Step::Close { linger } => {
                    let _ = stream.shutdown().await;
                    if linger {
                        drain(&mut stream).await;
                    }
                    return None;
                }
                Step::HandOver => {
                    stream.rewind(&input);
                    return Some(stream);
                }
            }
        }
    }

    /// Reads until the input holds a whole head, or too much for one; false when the connection
    /// is over.
    async fn read(
        &self,
        stream: &mut TcpStream,
        input: &mut BytesMut,
        silence: &mut Silence,
    ) -> bool {
        if input.is_empty() {
            let is_alive = tokio::select! {
                biased;
                read = stream.read_buf(input) => matches!(read, Ok(1..)),
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
                timeout_at(deadline, stream.read_buf(input)).await,
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
                Answer::bad_head(reason).append_to(&mut exchange.output, &ending);
                return Step::Close { linger: true };
            }
        };
        let Some(answer) = self.answer_to(&request, &ending, exchange).await else {
            return Step::HandOver;
        };
        ending.is_head = request.method == "HEAD";
        // A body is not read, so nobody knows where the next request begins.
        ending.closes |= request.wants_close || request.has_body;
        answer.append_to(&mut exchange.output, &ending);
        let (request_id, status) = (ending.request_id, answer.status().as_u16());
        tracing::debug!(%request_id, status, "answered");
        if ending.closes {
            Step::Close {
                linger: request.has_body,
            }
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
        let Ok(method) = http::Method::from_bytes(request.method.as_bytes()) else {
            return Some(Answer::bad_head(BadHead::Malformed));
        };
        let Exchange { address, key, .. } = exchange;
        let link = match route(&method, request.path) {
            Route::Link(link) => link,
            Route::Root => {
                return self
                    .redirector
                    .root(&request.domain, *address)
                    .await
                    .answer();
            }
            Route::ControlPlane => return None,
            Route::WrongMethod(allow) => return Some(Answer::wrong_method(allow)),
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
            address: *address,
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
    // The end of a head has no carriage returns if the client breaks the rules; it must be
    // refused, not waited for.
    input.len() >= crate::head::MAX_HEAD
        || memchr_iter(b'\n', input).any(|end| {
            let next = &input[end + 1..];
            next.starts_with(b"\n") || next.starts_with(b"\r\n")
        })
}

async fn drain(stream: &mut TcpStream) {
    let mut rest = [0; 4 * 1024];
    let reading = async { while matches!(stream.read(&mut rest).await, Ok(1..)) {} };
    // Whoever does not stop sending is cut off.
    let _ = timeout(LINGER, reading).await;
}

fn client_address(stream: &Stream) -> Option<IpAddr> {
    let digest = stream.get_socket_digest()?;
    Some(digest.peer_addr()?.as_inet()?.ip())
}

/// The front serves plain TCP. What is encrypted goes to the HTTP library as it is.
fn into_tcp(stream: Stream) -> Result<Box<TcpStream>, Stream> {
    if !stream.as_any().is::<TcpStream>() {
        return Err(stream);
    }
    match stream.into_any().downcast() {
        Ok(stream) => Ok(stream),
        Err(_) => unreachable!("its type was asked for a line above"),
    }
}
