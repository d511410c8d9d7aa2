//! The public port: accepts connections, and stops politely.
//!
//! The HTTP library's own server and listeners are not used. They start a runtime per service, so
//! that a port that is taken would be a panic nobody sees, sleep through the whole grace period,
//! and would let us count a connection only after its TLS handshake.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use pingora::proxy::{HttpProxy, http_proxy};
use pingora::server::ShutdownWatch;
use pingora::server::configuration::ServerConf;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::fallback::Edge;
use crate::front::Front;

/// Attempts with the control plane for one request. A second helps when the first took a pooled
/// connection that was just being closed.
const MAX_ATTEMPTS: usize = 2;

/// Idle connections to the control plane that are kept.
const POOL: usize = 128;

/// After a connection could not be accepted. Out of open files, most likely: others need a moment
/// to give theirs back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stopping`, then accepts no more and waits at most `patience` for the requests
/// that were accepted.
pub(crate) async fn serve(
    listener: TcpListener,
    front: Front,
    stopping: impl Future<Output = ()>,
    patience: Duration,
) {
    let in_flight = front.in_flight.clone();
    let (stop, stopped) = watch::channel(false);
    tokio::select! {
        () = stopping => {}
        _ = accept(listener, Arc::new(front), stopped) => {}
    }
    stop.send_replace(true);
    finish(&in_flight, patience).await;
}

async fn accept(listener: TcpListener, front: Arc<Front>, stopped: ShutdownWatch) -> Infallible {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(mut slot) = front.limits.admit() else {
            continue;
        };
        if !slot.claim(peer.ip()) {
            continue;
        }
        // Answers are written whole, and should not wait for more.
        let _ = stream.set_nodelay(true);
        let served = front
            .clone()
            .serve(stream, peer.ip(), slot, stopped.clone());
        tokio::spawn(served);
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
    Arc::new(http_proxy(&Arc::new(configuration), edge))
}
