//! Lends a connection to the HTTP library: for one request, or for good if it speaks HTTP/2.
//!
//! The library gets the bytes of the request it is lent the connection for, and not one more. So
//! it cannot take the rest of a body for a request, and every further request is read here again,
//! with our rules and deadlines.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use bytes::BytesMut;
use pingora::apps::{HttpServerApp, ServerApp};
use pingora::protocols::http::ServerSession;
use pingora::protocols::l4::socket::SocketAddr as Address;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::tls::SslDigest;
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    TimingDigest, UniqueID, UniqueIDType,
};
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufWriter, ReadBuf};
use tokio::time::timeout;

use super::connection::WRITE_DEADLINE;
use super::socket::Socket;
use crate::fallback::Edge;

/// Read at once, at most.
const CHUNK: usize = 8 * 1024;

/// The library writes heads and bodies one after the other, and says when they must go.
const WRITE_BUFFER: usize = 1460;

/// A connection as the HTTP library sees it.
#[derive(Debug)]
pub(super) struct Lent {
    socket: BufWriter<Socket>,
    /// What was read from the socket, and not yet by the library.
    input: BytesMut,
    /// Bytes that the library may still read. `None`: all that come.
    left: Option<u64>,
    is_http2: bool,
    digest: Arc<SocketDigest>,
}

impl Lent {
    /// For a request of `extent` bytes, head and body, of which some are in `input`. Without an
    /// extent the connection cannot be taken back.
    pub(super) fn for_request(
        socket: Socket,
        input: BytesMut,
        peer: SocketAddr,
        extent: Option<u64>,
    ) -> Self {
        Self {
            digest: digest(&socket, peer),
            socket: BufWriter::with_capacity(WRITE_BUFFER, socket),
            input,
            left: extent,
            is_http2: false,
        }
    }

    /// For all that comes. `input` begins with HTTP/2's preface.
    pub(super) fn for_http2(socket: Socket, input: BytesMut, peer: SocketAddr) -> Self {
        Self {
            is_http2: true,
            ..Self::for_request(socket, input, peer, None)
        }
    }

    /// The connection, and what was read behind the request.
    fn take_back(self) -> Option<(Socket, BytesMut)> {
        let is_over = self.left == Some(0) && self.socket.buffer().is_empty();
        is_over.then(|| (self.socket.into_inner(), self.input))
    }

    /// The request is read. What comes now is another one, which waits, or the client's end.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.input.is_empty() {
            let mut chunk = [0; CHUNK];
            let mut read = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut self.socket).poll_read(context, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.input.extend_from_slice(read.filled());
        }
        Poll::Pending
    }
}

/// What the library knows of the other side. It would ask the kernel, which knows the load balancer.
fn digest(socket: &Socket, peer: SocketAddr) -> Arc<SocketDigest> {
    let digest = SocketDigest::from_raw_fd(socket.as_raw_fd());
    let _ = digest.peer_addr.set(Some(Address::Inet(peer)));
    Arc::new(digest)
}

/// Has one request answered. Returns the connection, with what was read behind the request, if it
/// can go on.
pub(super) async fn one_request(
    proxy: &Arc<HttpProxy<Edge>>,
    lent: Lent,
    is_last: bool,
    shutdown: &ShutdownWatch,
) -> Option<(Socket, BytesMut)> {
    let is_last = is_last || lent.left.is_none();
    let mut session = ServerSession::new_http1(Box::new(lent));
    if is_last {
        session.set_keepalive_reuses_remaining(Some(0));
    }
    let (stream, _) = proxy.process_new_http(session, shutdown).await?.consume();
    let lent: Box<Lent> = stream.into_any().downcast().ok()?;
    lent.take_back()
}

/// Has a connection served that speaks HTTP/2, until it ends.
pub(super) async fn http2(proxy: &Arc<HttpProxy<Edge>>, lent: Lent, shutdown: &ShutdownWatch) {
    proxy.process_new(Box::new(lent), shutdown).await;
}

impl AsyncRead for Lent {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        output: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let lent = self.get_mut();
        let left = lent.left.unwrap_or(u64::MAX);
        if left == 0 {
            return lent.poll_end(context);
        }
        let room = usize::try_from(left).unwrap_or(usize::MAX);
        let room = room.min(output.remaining());
        let before = output.filled().len();
        if lent.input.is_empty() {
            let mut chunk = [0; CHUNK];
            let mut read = ReadBuf::new(&mut chunk[..room.min(CHUNK)]);
            ready!(Pin::new(&mut lent.socket).poll_read(context, &mut read))?;
            output.put_slice(read.filled());
        } else {
            let count = room.min(lent.input.len());
            output.put_slice(&lent.input.split_to(count));
        }
        if let Some(left) = &mut lent.left {
            *left -= (output.filled().len() - before) as u64;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lent {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}

#[async_trait]
impl Shutdown for Lent {
    async fn shutdown(&mut self) {
        let _ = timeout(WRITE_DEADLINE, self.socket.shutdown()).await;
    }
}

impl UniqueID for Lent {
    fn id(&self) -> UniqueIDType {
        self.socket.get_ref().as_raw_fd()
    }
}

impl GetSocketDigest for Lent {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        Some(self.digest.clone())
    }
}

impl Ssl for Lent {
    /// That there is one tells that the visitor came through TLS. Nobody asks for more.
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        let digest = || SslDigest::new("", "", None, None, Vec::new());
        self.socket.get_ref().is_tls().then(|| Arc::new(digest()))
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.is_http2.then_some(ALPN::H2)
    }
}

impl GetTimingDigest for Lent {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl GetProxyDigest for Lent {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        None
    }
}

impl Peek for Lent {}
