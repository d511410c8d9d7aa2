//! The public ports: accept connections, and stop politely.
//!
//! The HTTP library's own server and listeners are not used. They start a runtime per service, so
//! that a port that is taken would be a panic nobody sees, sleep through the whole grace period,
//! and would let us count a connection only after its TLS handshake.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use pingora::apps::HttpServerOptions;
use pingora::protocols::http::v2::server::default_h2_options;
use pingora::proxy::{HttpProxy, http_proxy};
use pingora::server::ShutdownWatch;
use pingora::server::configuration::ServerConf;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use crate::fallback::Edge;
use crate::front::Front;
use crate::head::MAX_HEAD;

/// Attempts with the control plane for one request. A second helps when the first took a pooled
/// connection that was just being closed.
const MAX_ATTEMPTS: usize = 2;

/// Idle connections to the control plane that are kept.
const POOL: usize = 128;

/// After a connection could not be accepted. Out of open files, most likely: others need a moment
/// to give theirs back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Requests of one HTTP/2 connection at the same time. RFC 9113 advises at least 100.
const MAX_STREAMS: u32 = 100;

/// Bytes of an answer that may wait for an HTTP/2 client to read them.
const STREAM_BUFFER: usize = 64 * 1024;

/// How long an HTTP/2 connection may be without a request.
const HTTP2_KEEP_ALIVE: Duration = Duration::from_secs(60);

/// A port for visitors.
pub(crate) struct Port {
    pub(crate) listener: TcpListener,
    /// For a port that speaks TLS.
    pub(crate) tls: Option<TlsAcceptor>,
}

/// Serves until `stopping`, then accepts no more and waits at most `patience` for the requests
/// that were accepted.
pub(crate) async fn serve(
    ports: Vec<Port>,
    front: Front,
    stopping: impl Future<Output = ()>,
    patience: Duration,
) {
    let in_flight = front.in_flight.clone();
    let front = Arc::new(front);
    let (stop, stopped) = watch::channel(false);
    let accepting = |port| accept(port, front.clone(), stopped.clone());
    tokio::select! {
        () = stopping => {}
        _ = join_all(ports.into_iter().map(accepting)) => {}
    }
    stop.send_replace(true);
    finish(&in_flight, patience).await;
}

async fn accept(port: Port, front: Arc<Front>, stopped: ShutdownWatch) -> Infallible {
    loop {
        let (stream, peer) = match port.listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(slot) = front.admit(peer.ip()) else {
            continue;
        };
        // Answers are written whole, and should not wait for more.
        let _ = stream.set_nodelay(true);
        let (front, tls) = (front.clone(), port.tls.clone());
        tokio::spawn(front.welcome(stream, peer, slot, tls, stopped.clone()));
    }
}

async fn finish(in_flight: &TaskTracker, patience: Duration) {
    in_flight.close();
    if tokio::time::timeout(patience, in_flight.wait())
        .await
        .is_err()
    {
        tracing::warn!(requests = in_flight.len(), "requests were cut off");
    }
}

/// The HTTP library's proxy, for requests that the front does not answer.
pub(crate) fn fallback(edge: Edge) -> Arc<HttpProxy<Edge>> {
    let configuration = ServerConf {
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        max_retries: MAX_ATTEMPTS,
        upstream_keepalive_pool_size: POOL,
        ..ServerConf::default()
    };
    let mut proxy = http_proxy(&Arc::new(configuration), edge);
    let mut options = HttpServerOptions::default();
    options.h2_idle_timeout = Some(HTTP2_KEEP_ALIVE);
    proxy.server_options = Some(options);
    // Its limits on what is reset at once, or is malformed, stay: they end the connection.
    let mut options = default_h2_options();
    options
        .max_header_list_size(MAX_HEAD as u32)
        .max_concurrent_streams(MAX_STREAMS)
        .max_send_buffer_size(STREAM_BUFFER);
    proxy.h2_options = Some(options);
    Arc::new(proxy)
}
