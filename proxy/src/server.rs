//! The public port: takes over a bound listener, serves, and stops politely.
//!
//! The HTTP library's own server object is not used. It starts a runtime per service, so that a
//! port that is taken would be a panic nobody sees, and its stop sleeps for the whole grace
//! period. Its listening service runs as well in a runtime of ours.

use std::future::Future;
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::time::Duration;

use pingora::listeners::ListenerConfig;
use pingora::protocols::l4::stream::L4BufferSettings;
use pingora::proxy::{HttpProxy, http_proxy};
use pingora::server::configuration::ServerConf;
use pingora::server::{Fds, ListenFds};
use pingora::services::Service;
use pingora::services::listening::Service as ListeningService;
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

/// Serves until `stopping`, then accepts no more and waits at most `patience` for the requests
/// that were accepted.
///
/// # Errors
/// When the listener fails, or ends without having been asked.
pub(crate) async fn serve(
    listener: TcpListener,
    front: Front,
    stopping: impl Future<Output = ()>,
    patience: Duration,
) -> std::io::Result<()> {
    let address = listener.local_addr()?.to_string();
    let in_flight = front.in_flight.clone();
    let mut service = ListeningService::new("visitors".to_owned(), front);
    // The front reads into a buffer of its own. The library's would cost each idle connection
    // another 64 KiB, and each request a copy.
    let buffers = L4BufferSettings::default().read(0);
    service.add_listener(ListenerConfig::tcp(&address).l4_buffer(buffers));
    // The way in which the library inherits sockets from a predecessor: it takes this one instead
    // of binding the address again.
    let mut inherited = Fds::new();
    inherited.add(address, listener.into_std()?.into_raw_fd());
    let inherited: ListenFds = Arc::new(inherited.into());

    let (stop, stopped) = watch::channel(false);
    let mut serving = std::pin::pin!(service.start_service(Some(inherited), stopped, 1));
    tokio::select! {
        () = stopping => {}
        () = &mut serving => return Err(std::io::Error::other("the listener ended")),
    }
    stop.send_replace(true);
    serving.await;
    finish(&in_flight, patience).await;
    Ok(())
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

/// The HTTP library's proxy, for connections that the front hands over.
pub(crate) fn fallback(edge: Edge) -> Arc<HttpProxy<Edge>> {
    let configuration = ServerConf {
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        max_retries: MAX_ATTEMPTS,
        upstream_keepalive_pool_size: POOL,
        ..ServerConf::default()
    };
    Arc::new(http_proxy(&Arc::new(configuration), edge))
}
